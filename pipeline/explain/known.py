"""What is known of one shopper at an instant, and from where."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.identity.letter import has_letters
from pipeline.domain.intake.intake import Intake
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from pipeline.replay.partition import Partition, exchange
from pipeline.replay.reader import readings
from pipeline.replay.source import Source
from pipeline.runtime.gap import unpack
from pipeline.runtime.ports import Checkpoint
from pipeline.state.record import RecordCodec
from pipeline.state.store_view import store_paths, store_view

_AGENT = "shopper"


@dataclass(frozen=True, slots=True)
class Known:
    """shopper: as the engine of the plan has it at `at`, ms. source: where it comes from, as data. other_topology: the
    record was decided under another topology; memberships are what this one makes of it. known_from: of pieces of state
    that do not know all of the past, from which received time on, ms, they do."""

    shopper_id: str
    shopper: Shopper
    at: int
    source: dict[str, Any]
    other_topology: bool = False
    known_from: dict[int, int] = field(default_factory=dict)


class UnknownShopper(Exception):
    """Nothing is known of the shopper there."""


class Alias(Exception):
    """The id has become a user's, and is no shopper any more."""

    def __init__(self, user: str) -> None:
        super().__init__(user)
        self.user = user


class TooEarly(Exception):
    """The record stands at a later instant, ms, than the one asked for."""

    def __init__(self, stands_at: int) -> None:
        super().__init__(stands_at)
        self.stands_at = stands_at


class NoState(Exception):
    """There are no stores where they were looked for."""


def from_replay(plan: Plan, sources: Sequence[Source], shopper_id: str, at: int | None) -> Known:
    """Replay up to `at` (ms, None: the last record), of this shopper alone unless others may change something of it.

    Raises UnknownShopper, Alias, InputError, MappingError.
    """
    partition, last, told = Partition(0, Engine(plan), _passed_over, ""), 0, has_letters(plan)
    for received, call, _, _, index in readings(sources, Intake(plan)):
        if at is not None and received > at:
            break
        last = received
        if told and index == 0:
            exchange([partition], lambda _: 0)
            partition.advance(received)
            exchange([partition], lambda _: 0)
        if type(call) is Event and (told or call.shopper == shopper_id):
            partition.apply(call)
    end = last if at is None else at
    exchange([partition], lambda _: 0)
    partition.advance(end)
    exchange([partition], lambda _: 0)
    shopper = dict(partition.records()).get(shopper_id, Shopper())
    _refuse_alias(shopper)
    if not shopper.created:
        raise UnknownShopper
    shopper.now = max(shopper.now, end)
    return Known(shopper_id, shopper, end, {"kind": "replay", "inputs": [source.name for source in sources]})


def _passed_over(outcome: Outcome, shopper: Shopper, source: dict[str, Any] | None) -> None:
    """Nothing is published."""


def from_stores(plan: Plan, directory: Path, shopper_id: str, at: int | None) -> Known:
    """From the stores of a worker, which may run meanwhile. at: ms, None: the partition's own time.

    Raises NoState, UnknownShopper, Alias, TooEarly, StateError.
    """
    paths = [path for agent, path in store_paths(directory) if agent == _AGENT]
    if not paths:
        raise NoState
    engine = Engine(plan)
    for path in paths:
        with store_view(path) as view:
            value, checkpoint = view.record(shopper_id.encode()), view.checkpoint()
        if value is not None:
            source = {"kind": "store", "partition": int(path.name)}
            return from_record(engine, shopper_id, value, checkpoint, at, source)
    raise UnknownShopper


def from_record(
    engine: Engine, shopper_id: str, value: bytes, checkpoint: Checkpoint | None, at: int | None, source: dict[str, Any]
) -> Known:
    """From a stored record. Its timers that are due by `at` fire on this copy alone; nothing is published.

    at: ms, None: the time of the checkpoint. Raises UnknownShopper, Alias, TooEarly, StateFormatError.
    """
    shopper = RecordCodec().decode(value)
    _refuse_alias(shopper)
    if not shopper.created:
        # Claims alone have come of it.
        raise UnknownShopper
    if at is not None and at < shopper.now:
        raise TooEarly(shopper.now)
    end = max(shopper.now, 0 if checkpoint is None else checkpoint.time) if at is None else at
    # A record of format 1 does not say under which it was decided, see record.py.
    other = shopper.plan != 0 and not engine.is_of_this_plan(shopper)
    engine.on_due(shopper, shopper_id, end, min(end, _changed_at(engine, checkpoint)))
    if not shopper.created:
        raise UnknownShopper
    return Known(shopper_id, shopper, end, source, other, {} if checkpoint is None else _known_from(checkpoint))


def _refuse_alias(shopper: Shopper) -> None:
    if shopper.identity is not None and shopper.identity.alias:
        raise Alias(shopper.identity.alias)


def _publish_nothing(outcome: Outcome, shopper: Shopper, source: object) -> None:
    """Only where it ends is of interest."""


def _known_from(checkpoint: Checkpoint) -> dict[int, int]:
    found: dict[int, int] = {}
    for gap in checkpoint.gaps:
        for piece in unpack(gap.pieces) if gap.end else ():
            found[piece] = max(found.get(piece, 0), gap.at)
    return found


def _changed_at(engine: Engine, checkpoint: Checkpoint | None) -> int:
    """When the plan took over, ms, or would if a worker started with it now; see `Engine.adopt`."""
    if checkpoint is None:
        return 0
    return checkpoint.sweep.since if checkpoint.sweep.plan == engine.digest else checkpoint.time
