"""Why each of 4,372 customers of a wholesaler is in each segment or is not, against plain code over the same lines."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pipeline.config.topology import load
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.segments.explanation import Explainer, Explanation
from pipeline.domain.shopper import Shopper
from pipeline.replay.mapping import load_mapping
from pipeline.replay.reader import readings
from pipeline.replay.run import collector_off
from pipeline.replay.table import TableSource
from tests.real_input.invoice import Order, Refund, histories, read_invoices
from tests.real_input.membership import DAY, SEGMENTS, Transition, scores, spend, transitions, within
from tests.real_input.test_online_retail import MAPPING, TOPOLOGY

pytestmark = pytest.mark.real_input

# Longer than any window: what is still to come by itself comes within it.
AHEAD = 400 * DAY


def rfm(orders: list[Order], now: int) -> dict[str, int | None]:
    return dict(zip(("recency", "frequency", "monetary"), scores(orders, now) or (None, None, None), strict=True))


# What the clauses of each segment ask for, in the order of the topology: (orders, now in ms) -> value in its own unit.
VALUES: dict[str, tuple[Callable[[list[Order], int], Any], ...]] = {
    "regulars": (lambda orders, now: len(within(orders, now, 30)),),
    "big-spenders": (lambda orders, now: spend(within(orders, now, 90)),),
    "slipping": (
        lambda orders, now: spend(within(orders, now, 180)),
        lambda orders, now: len(within(orders, now, 60)),
    ),
    "bulk": (lambda orders, now: sum(order.thousandths for order in within(orders, now, 120)) * 1_000,),
    # No more of them are kept than the bound can tell apart.
    "wide-range": (
        lambda orders, now: min(100, len({code for one in within(orders, now, 90) for code in one.stock_codes})),
    ),
    "heart-holders": (lambda orders, now: sum("85123A" in order.stock_codes for order in orders),),
    "one-time-buyers": (lambda orders, now: len(orders), lambda orders, now: len(within(orders, now, 90))),
    "recent": (lambda orders, now: orders[-1].time if orders else None,),
    "newcomers": (lambda orders, now: orders[0].time if orders else None,),
    "champions": (rfm,),
    "fading": (rfm,),
    "steady": (lambda orders, now: len(within(orders, now, 60)),),
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load(TOPOLOGY, {}).plan()


@pytest.fixture(scope="module")
def lines(shared: Path) -> Path:
    return shared / "data" / "online_retail" / "online_retail.csv.gz"


class Customer(NamedTuple):
    """orders: with what was given back of them. changes: those of the past, and those to come if nothing happens."""

    orders: list[Order]
    changes: list[Transition]


@pytest.fixture(scope="module")
def past(lines: Path) -> dict[str, list[Order | Refund]]:
    return histories(read_invoices(lines))


@pytest.fixture(scope="module")
def end(past: dict[str, list[Order | Refund]]) -> int:
    return max(event.time for history in past.values() for event in history)


@pytest.fixture(scope="module")
def customers(past: dict[str, list[Order | Refund]], end: int) -> dict[str, Customer]:
    return {
        # Going through the changes takes the refunds off the orders.
        customer: Customer(
            changes=transitions(history, end + AHEAD), orders=[one for one in history if isinstance(one, Order)]
        )
        for customer, history in past.items()
    }


@pytest.fixture(scope="module")
def explained(plan: Plan, lines: Path, end: int) -> dict[str, list[Explanation]]:
    """By customer, at the last invoice."""
    engine, shoppers = Engine(plan), defaultdict[str, Shopper](Shopper)
    with collector_off():
        for received, call, *_ in readings([TableSource(str(lines), load_mapping(MAPPING))], Intake(plan)):
            if isinstance(call, Event):
                engine.decide(shoppers[call.shopper], call, received)
    explainer, found = Explainer(plan), {}
    for customer, shopper in shoppers.items():
        engine.on_due(shopper, customer, end)
        found[customer] = [explainer.explain(shopper, segment, end) for segment in SEGMENTS]
    return found


def test_every_membership_its_beginning_and_its_next_change_are_told(
    explained: dict[str, list[Explanation]], customers: dict[str, Customer], end: int
) -> None:
    told = still_to_change = 0
    for customer, (_, changes) in customers.items():
        for explanation in explained[customer]:
            own = [each for each in changes if each.segment == explanation.segment.name]
            before = [each for each in own if each.at <= end]
            latest = before[-1] if before else Transition(explanation.segment.name, "exited", 0, 0)
            following = own[len(before)].at if len(own) > len(before) else 0
            assert (
                "entered" if explanation.member else "exited",
                explanation.since,
                explanation.sequence,
                explanation.changes_at,
            ) == (latest.change, latest.at, latest.sequence, following), (customer, explanation.segment.name)
            if explanation.segment.hold is None:
                assert explanation.clause.holds is explanation.member
            told, still_to_change = told + 1, still_to_change + (following > 0)
    assert told == len(SEGMENTS) * 4_372
    assert still_to_change > 3_000


def test_every_clause_has_the_value_that_a_recount_gives(
    explained: dict[str, list[Explanation]], customers: dict[str, Customer], end: int
) -> None:
    for customer, (orders, _) in customers.items():
        for explanation in explained[customer]:
            segment = explanation.segment.name
            values = [clause.measure.value for clause in explanation.clause.walk() if clause.measure is not None]
            assert values == [recount(orders, end) for recount in VALUES[segment]], (customer, segment)
