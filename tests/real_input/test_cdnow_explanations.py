"""Why each CDNOW customer is in each segment or is not, against plain code over the same purchases.

Every twenty-fifth customer is compared; AFTERCLICK_CUSTOMERS=1 compares every one (`make oracle` does).
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from pipeline.config.topology import load
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.segments.explanation import Explainer, Explanation
from pipeline.domain.shopper import Shopper
from tests.real_input.cdnow import Purchase, histories, read_purchases, write_calls
from tests.real_input.cdnow_rules import DAY, Known, cents, follow, scores, stage, within
from tests.real_input.test_cdnow import TOPOLOGY
from tests.real_input.timeline import Step

pytestmark = pytest.mark.real_input

EVERY = int(os.environ.get("AFTERCLICK_CUSTOMERS", "25"))
# Longer than any window and hold together: what is still to come by itself comes within it.
AHEAD = 500 * DAY
MICRO = 1_000_000


def rfm(known: Known, now: int) -> dict[str, int]:
    return dict(zip(("recency", "frequency", "monetary"), scores(known, now) or (), strict=True))


def average(known: Known) -> Fraction | None:
    return Fraction(cents(known) * 10_000, len(known)) if known else None


# What the clauses of each segment ask for, in the order of the topology: (purchases, now in ms) -> value in its own
# unit: a whole number, millionths, cents, or as outputs have it. A sequence has none.
VALUES: dict[str, tuple[Callable[[Known, int], Any], ...]] = {
    "repeat-buyers": (lambda known, now: len(within(known, now, 30)),),
    "big-spenders": (lambda known, now: cents(within(known, now, 90)),),
    "slipping": (lambda known, now: cents(within(known, now, 365)), lambda known, now: len(within(known, now, 120))),
    "one-time-buyers": (lambda known, now: len(known), lambda known, now: len(within(known, now, 90))),
    "recent": (lambda known, now: known[-1].time,),
    "newcomers": (lambda known, now: known[0].time,),
    "collectors": (lambda known, now: sum(one.cds for one in within(known, now, 180)) * MICRO,),
    "big-baskets": (lambda known, now: max((one.cents * 10_000 for one in within(known, now, 60)), default=None),),
    "small-baskets": (lambda known, now: average(within(known, now, 180)),),
    "free-lunch": (lambda known, now: min(1, sum(one.cents < 1_00 for one in within(known, now, 180))),),
    "came-back": (),
    "stayed-away": (),
    "loyal": (lambda known, now: len(within(known, now, 90)),),
    "champions": (rfm,),
    "lost": (rfm,),
    "loyal-no-champions": (lambda known, now: len(within(known, now, 90)), rfm),
    # Of the journey, each stage's own conditions, before the stage itself.
    "wavering": (
        lambda known, now: len(known),
        lambda known, now: len(within(known, now, 90)),
        lambda known, now: len(within(known, now, 60)),
        lambda known, now: len(within(known, now, 180)),
        stage,
    ),
    "frequent": (lambda known, now: len(within(known, now, 90)),),
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load(TOPOLOGY, {}).plan()


@pytest.fixture(scope="module")
def compared() -> dict[str, list[Purchase]]:
    found = histories(read_purchases())
    return {customer: found[customer] for customer in sorted(found)[::EVERY]}


@pytest.fixture(scope="module")
def end(compared: dict[str, list[Purchase]]) -> int:
    return round(datetime(2006, 7, 1, tzinfo=UTC).timestamp()) * 1000


@pytest.fixture(scope="module")
def shoppers(
    plan: Plan, compared: dict[str, list[Purchase]], end: int, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Shopper]:
    """As the engine leaves them at the end."""
    file = tmp_path_factory.mktemp("cdnow") / "calls.ndjson"
    write_calls([one for history in compared.values() for one in history], file)
    engine, intake = Engine(plan), Intake(plan)
    found = {customer: Shopper() for customer in compared}
    for line in file.read_bytes().splitlines():
        for call in intake.accept(line, 0, from_field=True):
            assert isinstance(call, Event)
            engine.decide(found[call.shopper], call, call.received)
    for customer, shopper in found.items():
        engine.on_due(shopper, customer, end)
    return found


def test_every_explanation_is_what_plain_code_says(
    plan: Plan, compared: dict[str, list[Purchase]], shoppers: dict[str, Shopper], end: int
) -> None:
    explainer, changing = Explainer(plan), 0
    for customer, history in compared.items():
        for segment, steps in follow(history, end + AHEAD).segments.items():
            told = explainer.explain(shoppers[customer], segment, end)
            before = [step for step in steps if step.at <= end]
            latest = before[-1] if before else Step(0, 0, False)
            following = steps[len(before)].at if len(steps) > len(before) else 0
            assert (told.member, told.since, told.sequence) == (latest.value, latest.at, len(before)), (
                customer, segment,
            )  # fmt: skip
            assert told.changes_at == following, (customer, segment)
            if told.segment.hold is None:
                assert told.clause.holds is told.member
            assert values(told) == [recount(history, end) for recount in VALUES[segment]], (customer, segment)
            changing += following > 0
    assert changing > len(compared) / 2


def values(told: Explanation) -> list[Any]:
    """Of its single clauses, in order."""
    return [clause.measure.value for clause in told.clause.walk() if clause.measure is not None]
