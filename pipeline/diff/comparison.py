"""The run: one history under two plans, and then every shopper under both."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import tee

from pipeline.diff.message_difference import MessageComparison, MessageDifference
from pipeline.diff.some import Some
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from pipeline.replay.partition import Partition, exchange
from pipeline.replay.reader import Accept, Reading, readings, recorded
from pipeline.replay.run import STRIDE, collector_off
from pipeline.replay.source import Source, Value


@dataclass(slots=True)
class Move:
    """From the members of the old definition to those of the new one."""

    members: int = 0
    enter: Some = field(default_factory=Some)
    leave: Some = field(default_factory=Some)

    def count(self, shopper_id: str, before: bool, after: bool, samples: int) -> None:
        self.members += after
        if before is not after:
            (self.enter if after else self.leave).add(shopper_id, samples)


@dataclass(slots=True)
class SegmentDifference:
    """before: members under the old topology. deployed: what the new one makes of the records that the old one kept.
    complete: what it would say, had it been there all the time. differ: shoppers of whom these two are at odds."""

    before: int = 0
    deployed: Move = field(default_factory=Move)
    complete: Move = field(default_factory=Move)
    differ: Some = field(default_factory=Some)


@dataclass(slots=True)
class Moves:
    """Of the journey's stages, or of the tiers of a programme. moves: of the deployment, by (from, to); "" is none.
    differ: as in SegmentDifference."""

    moves: dict[tuple[str, str], Some] = field(default_factory=dict)
    differ: Some = field(default_factory=Some)

    def count(self, shopper_id: str, before: str, deployed: str, complete: str, samples: int) -> None:
        if before != deployed:
            self.moves.setdefault((before, deployed), Some()).add(shopper_id, samples)
        if deployed != complete:
            self.differ.add(shopper_id, samples)


@dataclass(slots=True)
class Difference:
    """begins, at: first received time, and where time stands, ms; 0 = nothing was read. By name of the segment, of the
    programme, of the message."""

    begins: int = 0
    at: int = 0
    events: int = 0
    shoppers: int = 0
    segments: dict[str, SegmentDifference] = field(default_factory=dict)
    stages: Moves = field(default_factory=Moves)
    tiers: dict[str, Moves] = field(default_factory=dict)
    messages: dict[str, MessageDifference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run to be. until: where time ends, ms (None: at the last record); the new topology is deployed then. samples:
    how many shoppers to name of each kind."""

    old: Plan
    new: Plan
    until: int | None = None
    samples: int = 5

    def run(
        self,
        sources: Sequence[Source],
        progress: Callable[[int], None] | None = None,
        accept: Accept = recorded,
    ) -> Difference:
        """Replay the sources once, under both plans. progress: called now and then with the number of events so far.

        Raises InputError if a source breaks off.
        """
        with collector_off():
            return _Run(self).through(self._streams(sources, accept), progress)

    def _streams(self, sources: Sequence[Source], accept: Accept) -> Iterator[tuple[Reading, Reading]]:
        # A plan where ids are shoppers as sent takes the same calls, and no claims. What the new one leaves out is
        # left out of both: sides without the same events could not be compared one by one.
        identities, screening = self.new.identities or self.old.identities, self.new.intake
        old, new = (Intake(replace(plan, identities=identities, intake=screening)) for plan in (self.old, self.new))
        if self.old.aliases == self.new.aliases:
            return ((one, one) for one in readings(sources, new, accept))
        # Other aliases make other events of the same calls.
        copies = [[_Copy(source, values) for values in tee(source)] for source in sources]
        before = readings([first for first, _ in copies], old, accept)
        return zip(before, readings([second for _, second in copies], new, accept), strict=True)


class _Run:
    def __init__(self, comparison: Comparison) -> None:
        self._until, self._samples = comparison.until, comparison.samples
        self._new = Engine(comparison.new)
        sends = comparison.old.messaging is not None or comparison.new.messaging is not None
        messages = self._messages = MessageComparison(comparison.samples) if sends else None
        told = (messages.side(new=False), messages.side(new=True)) if messages is not None else [_publish_nothing] * 2
        self._old = Engine(comparison.old)
        self._before = Partition(0, self._old, told[0], "")
        self._after = Partition(0, self._new, told[1], "")
        names = {one.name for one in (*comparison.old.segments, *comparison.new.segments)}
        programmes = {one.name for one in (*comparison.old.programmes, *comparison.new.programmes)}
        self._found = Difference(
            segments={name: SegmentDifference() for name in sorted(names)},
            tiers={name: Moves() for name in sorted(programmes)},
        )

    def through(self, stream: Iterator[tuple[Reading, Reading]], progress: Callable[[int], None] | None) -> Difference:
        found, until = self._found, self._until
        sides = (self._before, self._after)
        for pair in stream:
            if until is not None and min(pair[0][0], pair[1][0]) > until:
                break
            accepted = False
            for (received, call, *_), side in zip(pair, sides, strict=True):
                if type(call) is Event and (until is None or received <= until):
                    accepted = True
                    side.apply(call)
                    exchange([side], lambda _: 0)
                    found.begins, found.at = found.begins or received, max(found.at, received)
            found.events += accepted
            if progress is not None and not found.events % STRIDE:
                progress(found.events)
        if found.at:
            self._compare(found.at if until is None else until)
        return found

    def _compare(self, at: int) -> None:
        found = self._found
        found.at = at
        for side in (self._before, self._after):
            side.advance(at)
        if self._messages is not None:
            found.messages = self._messages.differences()
        before, after = dict(self._before.shoppers()), dict(self._after.shoppers())
        ids = sorted(before.keys() | after.keys())
        found.shoppers = len(ids)
        for shopper_id in ids:
            record = before.get(shopper_id)
            members, stage, tiers = _members(record), _stage(record), _tiers(self._old, record)
            if record is not None:
                # The deployment: at this instant, whatever the shopper did last, the record is the new engine's.
                record.now = max(record.now, at)
                self._new.on_due(record, shopper_id, at)
            complete = after.get(shopper_id)
            self._count(shopper_id, members, _members(record), _members(complete))
            found.stages.count(shopper_id, stage, _stage(record), _stage(complete), self._samples)
            deployed, known = _tiers(self._new, record), _tiers(self._new, complete)
            for name in tiers.keys() | deployed.keys() | known.keys():
                told = (tiers.get(name, ""), deployed.get(name, ""), known.get(name, ""))
                found.tiers[name].count(shopper_id, *told, self._samples)

    def _count(self, shopper_id: str, before: set[str], deployed: set[str], complete: set[str]) -> None:
        for name in before | deployed | complete:
            segment = self._found.segments[name]
            was, now, should = name in before, name in deployed, name in complete
            segment.before += was
            segment.deployed.count(shopper_id, was, now, self._samples)
            segment.complete.count(shopper_id, was, should, self._samples)
            if now is not should:
                segment.differ.add(shopper_id, self._samples)


class _Copy:
    """One of two readers of a source that is read once."""

    def __init__(self, source: Source, values: Iterator[Value]) -> None:
        self.name, self.size, self.read, self._values = source.name, source.size, source.read, values

    def __iter__(self) -> Iterator[Value]:
        return self._values


def _members(shopper: Shopper | None) -> set[str]:
    return set() if shopper is None else {name for name, one in shopper.memberships.items() if one.member}


def _stage(shopper: Shopper | None) -> str:
    return shopper.derived.stage if shopper is not None and shopper.derived is not None else ""


def _tiers(engine: Engine, shopper: Shopper | None) -> dict[str, str]:
    return {} if shopper is None else engine.loyalty.tiers(shopper)


def _publish_nothing(outcome: Outcome, shopper: object, source: object) -> None:
    """What would be decided on the way is of no interest, only where it ends."""
