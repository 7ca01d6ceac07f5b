"""What a seed stands for: a topology, a history, how it is dealt out, and how rough the world is."""

from dataclasses import replace
from random import Random
from typing import Any, cast

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.identity.identities import identities_of
from pipeline.domain.intake.answer import Answer
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake_definition import HotKeyDefinition, IntakeDefinition, SampleDefinition
from pipeline.domain.message_definition import SHARES
from pipeline.domain.shopper import Shopper
from pipeline.runtime.fold import Fold
from pipeline.runtime.intake_fold import BROKER, FIELD, IntakeFold, IntakeSettings
from pipeline.runtime.ports import SHOPPER_EVENTS, StatePartition
from pipeline.runtime.shopper_fold import ShopperFold
from pipeline.runtime.shopper_settings import Settings
from tests.simulation.lane import Agent
from tests.support.road import digest_of, draw_history, draw_plan, ending
from tests.support.topology_driver import CODEC, PlainEncoder

CLICKSTREAM = "clickstream"
DAY = 86_400_000
HOUR = DAY // 24


class Scenario(msgspec.Struct, frozen=True):
    """live: received time is the broker's and ticks tell it; else it is the history's, told at its end. lines:
    (received time, line) in order. trouble: chance of a fault at a crash point. sizes: most records of a batch.
    changed: the plan of workers that start after `changes_at` lines; None: it stays."""

    plan: Plan
    lines: list[tuple[int, bytes]]
    live: bool
    sources: int
    partitions: int
    workers: int
    trouble: float
    sizes: int
    progress_every: int
    timers: int
    timers_first: bool
    cache_bytes: int
    sweep: int = 500
    changed: Plan | None = None
    changes_at: int = 0

    @property
    def end(self) -> int:
        """When all deadlines have passed."""
        return self.lines[-1][0] + 40 * DAY

    def key_of(self, line: bytes) -> bytes:
        """What a producer keys a line by: all of a shopper's have one key."""
        if self.plan.identities is not None:
            return household_of(line)
        return line.split(b'"userId": "')[-1].split(b'"')[0] if line.endswith(b"}") else b"damaged"

    def agents(self, plan: Plan) -> list[Agent]:
        """What a worker runs under `plan`. Intake takes lines as under the first one, so that what it forwards does not
        depend on when the plan changed."""
        accept = IntakeSettings(
            self.partitions, BROKER if self.live else FIELD, None, self.progress_every if not self.live else 1
        )
        settings = Settings(self.sources, None, self.timers, self.timers_first, self.cache_bytes, sweep=self.sweep)
        intake, engine = Intake(self.plan), Engine(plan)

        def intake_fold(state: StatePartition, at: Any) -> Fold[Any]:
            return IntakeFold(_Interrupted(intake, at), settings=accept)

        def shopper_fold(state: StatePartition, at: Any) -> Fold[Any]:
            identities = identities_of(engine, settings.shopper_bytes)
            inner = None if identities is None else _Interrupted(identities, at)
            whole, others = _Interrupted(engine, at), {"identities": cast(Any, inner), "digest_of": digest_of(engine)}
            return ShopperFold(whole, state, CODEC, PlainEncoder(), settings, **others)

        return [
            Agent("intake", CLICKSTREAM, self.sources, intake_fold),
            Agent("shopper", SHOPPER_EVENTS, self.partitions, shopper_fold),
        ]


def household_of(line: bytes) -> bytes:
    """Those whose ids may meet: `{"household": "h1"}` in the context."""
    return line.split(b'"household": "')[-1].split(b'"')[0]


class _Interrupted:
    """Intake, engine or identities, with a crash point inside its step."""

    def __init__(self, inner: Any, at: Any) -> None:
        self._inner = inner
        self._at = at

    def accept(self, value: bytes | None, received: int, *, from_field: bool = False) -> list[Answer]:
        self._at("inside decode")
        found: list[Answer] = self._inner.accept(value, received, from_field=from_field)
        return found

    @property
    def digest(self) -> int:
        return int(self._inner.digest)

    @property
    def pieces(self) -> frozenset[int]:
        found: frozenset[int] = self._inner.pieces
        return found

    def decide(self, shopper: Shopper, event: Event, now: int, changed_at: int) -> Any:
        self._at("inside fold")
        return self._inner.decide(shopper, event, now, changed_at)

    def on_due(self, shopper: Shopper, shopper_id: str, until: int, changed_at: int) -> Any:
        self._at("inside fold")
        return self._inner.on_due(shopper, shopper_id, until, changed_at)

    def take(self, *given: Any) -> Any:
        self._at("inside fold")
        return self._inner.take(*given)

    def wake(self, *given: Any) -> Any:
        self._at("inside fold")
        return self._inner.wake(*given)

    def graft(self, shopper: Shopper, shopper_id: str, graft: Any, until: int, changed_at: int) -> Any:
        self._at("inside fold")
        return self._inner.graft(shopper, shopper_id, graft, until, changed_at)


def draw_taking(random: Random) -> dict[str, Any]:
    """What a plan says of hot keys and of a sample; mostly nothing."""
    if random.random() < 0.75:
        return {}
    hot = HotKeyDefinition(random.choice([1, 2]), random.choice([1_000, HOUR]), random.random() < 0.7)
    sampled = IntakeDefinition(sample=SampleDefinition(SHARES * 4 // 5, random.choice(["", "x"])))
    return {"hot_keys": hot, "intake": sampled if random.random() < 0.5 else None}


def draw_scenario(seed: int) -> Scenario:
    random, change, ends = Random(seed), Random(f"change {seed}"), Random(f"end {seed}")
    taking = draw_taking(Random(f"taking {seed}"))
    plan = replace(draw_plan(random), **taking)
    end = ends.random() < 0.3
    changed = replace(draw_plan(change), **taking) if change.random() < 0.5 else None
    if end:
        plan = ending(ends, plan)
        changed = changed and ending(ends, changed)
    scenario = Scenario(
        plan=plan,
        lines=draw_history(random, ends=ends if end else None),
        live=random.random() < 0.5,
        sources=random.randint(1, 4),
        partitions=random.randint(1, 3),
        workers=random.randint(2, 3),
        trouble=random.choice([0.0, 0.002, 0.005, 0.01, 0.02, 0.04]),
        sizes=random.choice([3, 12, 40]),
        progress_every=random.choice([1, 60_000, DAY]),
        timers=random.choice([1, 3, 50]),
        timers_first=random.random() < 0.3,
        cache_bytes=random.choice([0, 2_000, 1_000_000]),
        sweep=change.choice([1, 2, 500]),
        changed=None if changed is None or changed.digest == plan.digest else changed,
    )
    return msgspec.structs.replace(scenario, changes_at=change.randint(0, len(scenario.lines)))
