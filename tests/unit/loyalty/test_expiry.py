"""Expiry given to, changed in and taken from a programme that runs."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.lot_block import all_lots
from pipeline.domain.loyalty.loyalty import Loyalty
from pipeline.domain.loyalty_definition import EarnRule, ExpiryRule, Level, ProgrammeDefinition, Span
from pipeline.domain.value.instant import DAY
from tests.support.till import START, Till

EARN = (EarnRule("Order Completed", 1_000_000, 100),)
TEN_DAYS = ExpiryRule(after=Span(ms=10 * DAY))
IDLE = ExpiryRule(inactive=Span(ms=10 * DAY))


def plan(expire: ExpiryRule | None, **more: Any) -> Plan:
    club = ProgrammeDefinition("club", "club-1", EARN, "points_earned", (Level("bronze", 0, 0),), expire=expire, **more)
    return Plan(name="shop", digest="d", currency="EUR", programmes=(club,))


def change(till: Till, expire: ExpiryRule | None, at: int) -> None:
    """Deploy another topology."""
    till.pass_time(at)
    till.plan = plan(expire)
    till.loyalty = Loyalty(till.plan)
    moment = Moment(
        "shop", "kim", till.shopper.now, "definition_change", None, till.decisions, till.remarks, silent=True
    )
    till.loyalty.reassess(till.shopper, moment)


def expired(till: Till) -> list[tuple[int, int]]:
    """(points, days after START) of each `expired` line."""
    lines = [one for one in till.decisions if one.type == "loyalty.points.expired"]
    return [(one.fields["points"], (one.effective_at - START) // DAY) for one in lines]


@pytest.mark.parametrize("rule", [TEN_DAYS, IDLE])
def test_given_to_a_running_programme_nothing_expires_before_one_period(rule: ExpiryRule) -> None:
    till = Till(plan(None))
    till.complete("o-1", 50)
    till.complete("o-2", 30, at=90 * DAY)
    till.ring("Points Redeemed", None, 91 * DAY, redemption_id="r-1", points=60)
    change(till, rule, 100 * DAY)
    assert not till.shopper.loyalty_due < START + 100 * DAY
    till.pass_time(200 * DAY)
    assert expired(till) == [(-20, 110)]
    # All of o-1 was spent, and two thirds of what is left of o-2 expired: a refund takes what was spent.
    till.cancel("o-1", at=201 * DAY)
    till.cancel("o-2", at=202 * DAY)
    assert till.points()[-2:] == [("reversed", -50, -50), ("reversed", -10, -60)]


def test_lots_of_before_that_arrive_late_wait_for_that_period_too() -> None:
    till = Till(plan(None))
    till.complete("o-1", 50)
    change(till, TEN_DAYS, 100 * DAY)
    till.complete("o-2", 30, at=1, received=103 * DAY)
    till.pass_time(200 * DAY)
    assert expired(till) == [(-80, 110)]


def test_a_changed_period_holds_for_later_lots_alone() -> None:
    till = Till(plan(TEN_DAYS))
    till.complete("o-1", 50)
    change(till, replace(TEN_DAYS, after=Span(ms=30 * DAY)), 5 * DAY)
    till.complete("o-2", 30, at=6 * DAY)
    till.pass_time(100 * DAY)
    assert expired(till) == [(-50, 10), (-30, 36)]


def test_taken_away_nothing_expires() -> None:
    till = Till(plan(TEN_DAYS))
    till.complete("o-1", 50)
    change(till, None, 5 * DAY)
    till.pass_time(100 * DAY)
    assert expired(till) == []
    assert till.shopper.loyalty_due == 0


def test_from_lots_to_inactivity_and_back() -> None:
    till = Till(plan(TEN_DAYS))
    till.complete("o-1", 50)
    change(till, IDLE, 5 * DAY)
    till.complete("o-2", 30, at=8 * DAY)
    till.pass_time(17 * DAY)
    assert expired(till) == []
    change(till, TEN_DAYS, 17 * DAY)
    till.pass_time(100 * DAY)
    assert expired(till) == [(-80, 27)]
    assert all_lots(till.shopper.standings["club"])[0].expired == 50


def test_what_comes_back_to_a_lot_that_was_taken_expires_as_points_of_what_paid_for_it() -> None:
    till = Till(plan(IDLE))
    till.complete("o-1", 100)
    till.ring("Points Redeemed", None, 1, redemption_id="r-1", points=100)
    till.refund("o-1", at=2)
    till.ring("Points Adjusted", None, 3, points=100)
    till.ring("Redemption Cancelled", None, 4, redemption_id="r-1")
    till.pass_time(20 * DAY)
    assert expired(till) == [(-100, 10)]
    # So nothing is left of a new price once the order is sent back whole again.
    till.complete("o-2", 5, at=20 * DAY)
    till.update("o-1", 300, at=20 * DAY)
    till.refund("o-1", at=20 * DAY + 1)
    assert till.points()[-2:] == [("adjusted", 200, 205), ("reversed", -200, 5)]
