"""Tiers: up at once, down by review or as orders leave the window, each at its exact ms."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.decision import LOYALTY_TIERS, Moment
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.loyalty import Loyalty
from pipeline.domain.loyalty.term import after
from pipeline.domain.loyalty_definition import EarnRule, Level, ProgrammeDefinition, Span
from pipeline.domain.value.instant import DAY, from_datetime
from tests.support.till import START, Till

MICRO = 1_000_000
LADDER = (Level("bronze", 0, 0), Level("silver", 100, 80), Level("gold", 500, 400))
SPEND_LADDER = (Level("bronze", 0, 0), Level("silver", 100_00, 80_00), Level("gold", 500_00, 400_00))
YEAR = 365 * DAY


def programme(**more: Any) -> ProgrammeDefinition:
    plain: dict[str, Any] = {"metric": "points_earned", "levels": LADDER}
    return ProgrammeDefinition("club", "club-1", (EarnRule("Order Completed", MICRO, 100),), **{**plain, **more})


def plan(*programmes: ProgrammeDefinition) -> Plan:
    return Plan(name="shop", digest="d", timezone="Europe/Berlin", currency="EUR", programmes=programmes)


def club(**more: Any) -> Till:
    return Till(plan(programme(**more)))


def changes(till: Till) -> list[tuple[str, str, int]]:
    """(change, tier after, ms after START), without joining."""
    return [(change, to, at) for change, _, to, at in till.tiers() if change != "joined"]


# Joining and rising


def test_the_first_order_joins_before_it_earns() -> None:
    till = club()
    till.complete("o-1", 30, at=7, message_id="m-1")
    joined, earned = till.decisions
    assert (joined.type, earned.type) == ("loyalty.joined", "loyalty.points.confirmed")
    assert (joined.cause_kind, joined.message_id, joined.effective_at) == ("event", "m-1", START + 7)
    assert joined.fields == {
        "programme": "club",
        "change": "joined",
        "from": None,
        "to": "bronze",
        "metric": "points_earned",
        "value": 0,
        "threshold": 0,
        "valid_until": None,
        "points_to_next": 100,
        "points_to_keep": 0,
        "reason": "first_event",
        "order_id": "o-1",
        "counted_from": None,
    }


def test_an_order_that_earns_nothing_joins_too() -> None:
    till = club()
    till.complete("o-1", 0)
    assert till.tiers() == [("joined", None, "bronze", 0)]


def test_an_order_cancelled_before_it_came_does_not_join_but_a_later_one_does() -> None:
    till = club()
    till.cancel("o-1")
    till.complete("o-1", 10)
    assert till.decisions == []
    till.complete("o-2", 0, at=1)
    assert till.tiers() == [("joined", None, "bronze", 1)]


def test_refunds_of_unknown_orders_do_not_join() -> None:
    till = club()
    till.refund("o-1", 5)
    till.cancel("o-2")
    till.update("o-3", 5)
    assert till.decisions == []


def test_a_tier_is_reached_at_its_threshold_and_levels_may_be_skipped() -> None:
    till = club()
    till.complete("o-1", 99, at=1)
    till.complete("o-2", 1, at=2)
    assert till.tiers() == [("joined", None, "bronze", 1), ("upgraded", "bronze", "silver", 2)]
    leap = club()
    leap.complete("o-1", 500, at=1)
    assert leap.tiers() == [("joined", None, "bronze", 1), ("upgraded", "bronze", "gold", 1)]


def test_an_upgrade_tells_the_metric_and_what_is_missing() -> None:
    till = club(term=Span(ms=YEAR))
    till.complete("o-1", 130, at=5)
    assert till.latest(LOYALTY_TIERS).fields == {
        "programme": "club",
        "change": "upgraded",
        "from": "bronze",
        "to": "silver",
        "metric": "points_earned",
        "value": 130,
        "threshold": 100,
        "valid_until": START + 5 + YEAR,
        "points_to_next": 370,
        "points_to_keep": 0,
        "reason": "reached",
        "order_id": "o-1",
        "counted_from": None,
    }
    till.complete("o-2", 400, at=6)
    fields = till.latest(LOYALTY_TIERS).fields
    assert (fields["to"], fields["points_to_next"], fields["valid_until"]) == ("gold", None, START + 6 + YEAR)


def test_spend_is_measured_in_money_net_of_refunds() -> None:
    till = club(metric="spend", levels=SPEND_LADDER)
    till.complete("o-1", "60.50", at=1)
    till.refund("o-1", 10, at=2)
    till.complete("o-2", "49.49", at=3)
    assert changes(till) == []
    till.complete("o-3", "0.01", at=4)
    fields = till.latest(LOYALTY_TIERS).fields
    assert (fields["change"], fields["metric"]) == ("upgraded", "spend")
    assert fields["value"] == {"amount": 100_00, "currency": "EUR"}
    assert fields["threshold"] == {"amount": 100_00, "currency": "EUR"}
    assert fields["points_to_next"] == {"amount": 400_00, "currency": "EUR"}
    assert fields["points_to_keep"] == {"amount": 0, "currency": "EUR"}


def test_a_programme_of_spend_needs_no_earning() -> None:
    till = Till(plan(ProgrammeDefinition("club", "club-1", (), "spend", SPEND_LADDER)))
    till.complete("o-1", 100)
    assert till.points() == []
    assert changes(till) == [("upgraded", "silver", 0)]


# Rolling windows without a term: reviewed at every instant


def test_a_tier_is_lost_at_the_ms_at_which_the_window_leaves_too_little() -> None:
    till = club(window=30 * DAY)
    till.complete("o-1", 30, at=0)
    till.complete("o-2", 90, at=1000)
    assert till.shopper.loyalty_due == START + 1000 + 30 * DAY
    till.pass_time(1000 + 30 * DAY - 1)
    assert changes(till) == [("upgraded", "silver", 1000)]
    till.pass_time(1000 + 30 * DAY)
    assert changes(till)[1:] == [("downgraded", "bronze", 1000 + 30 * DAY)]
    decision = till.latest(LOYALTY_TIERS)
    assert (decision.cause_kind, decision.message_id) == ("timer", None)
    assert (decision.fields["value"], decision.fields["threshold"]) == (0, 80)
    assert till.shopper.loyalty_due == 0


def test_a_purchase_in_time_moves_the_loss_to_the_order_that_then_carries_it() -> None:
    till = club(window=30 * DAY)
    till.complete("o-1", 100, at=0)
    till.complete("o-2", 80, at=20 * DAY)
    till.pass_time(49 * DAY)
    assert changes(till) == [("upgraded", "silver", 0)]
    till.pass_time(60 * DAY)
    assert changes(till)[1:] == [("downgraded", "bronze", 50 * DAY)]


def test_at_one_instant_the_loss_comes_before_the_order_that_wins_it_back() -> None:
    till = club(window=30 * DAY)
    till.complete("o-1", 100, at=0)
    till.complete("o-2", 100, at=30 * DAY)
    assert changes(till) == [
        ("upgraded", "silver", 0),
        ("downgraded", "bronze", 30 * DAY),
        ("upgraded", "silver", 30 * DAY),
    ]


def test_several_levels_are_lost_one_by_one_or_at_once() -> None:
    for downgrade, lost in (
        ("one_level", [("downgraded", "silver", 30 * DAY), ("downgraded", "bronze", 30 * DAY)]),
        ("to_qualified", [("downgraded", "bronze", 30 * DAY)]),
    ):
        till = club(window=30 * DAY, downgrade=downgrade)
        till.complete("o-1", 500, at=0)
        till.pass_time(40 * DAY)
        assert changes(till)[1:] == lost


def test_one_level_stops_where_the_metric_still_keeps() -> None:
    till = club(window=30 * DAY)
    till.complete("o-1", 410, at=0)
    till.complete("o-2", 90, at=DAY)
    till.pass_time(30 * DAY)
    assert changes(till) == [("upgraded", "silver", 0), ("upgraded", "gold", DAY), ("downgraded", "silver", 30 * DAY)]
    till.pass_time(99 * DAY)
    assert changes(till)[3:] == [("downgraded", "bronze", 31 * DAY)]


def test_grace_holds_the_tier_and_ends_to_the_ms() -> None:
    till = club(window=30 * DAY, grace=Span(ms=10 * DAY))
    till.complete("o-1", 100, at=0)
    till.pass_time(40 * DAY - 1)
    assert changes(till)[1:] == [("will_downgrade", "bronze", 30 * DAY)]
    fields = till.latest(LOYALTY_TIERS).fields
    assert (fields["from"], fields["valid_until"], fields["threshold"]) == ("silver", START + 40 * DAY, 80)
    assert (fields["points_to_keep"], fields["points_to_next"]) == (80, 500)
    till.pass_time(40 * DAY)
    assert changes(till)[2:] == [("downgraded", "bronze", 40 * DAY)]


def test_keep_regained_in_grace_renews_at_once() -> None:
    till = club(window=30 * DAY, grace=Span(ms=10 * DAY))
    till.complete("o-1", 100, at=0)
    till.complete("o-2", 79, at=35 * DAY)
    till.complete("o-3", 1, at=36 * DAY)
    assert changes(till)[1:] == [("will_downgrade", "bronze", 30 * DAY), ("renewed", "silver", 36 * DAY)]
    till.pass_time(64 * DAY)
    assert len(changes(till)) == 3
    till.pass_time(65 * DAY)
    assert changes(till)[3:] == [("will_downgrade", "bronze", 65 * DAY)]


def test_an_order_at_the_end_of_grace_comes_after_it() -> None:
    till = club(window=30 * DAY, grace=Span(ms=10 * DAY))
    till.complete("o-1", 100, at=0)
    till.complete("o-2", 100, at=40 * DAY)
    assert changes(till)[1:] == [
        ("will_downgrade", "bronze", 30 * DAY),
        ("downgraded", "bronze", 40 * DAY),
        ("upgraded", "silver", 40 * DAY),
    ]


def test_each_level_on_the_way_down_has_its_own_grace() -> None:
    till = club(window=30 * DAY, grace=Span(ms=10 * DAY))
    till.complete("o-1", 500, at=0)
    till.pass_time(99 * DAY)
    assert changes(till)[1:] == [
        ("will_downgrade", "silver", 30 * DAY),
        ("downgraded", "silver", 40 * DAY),
        ("will_downgrade", "bronze", 40 * DAY),
        ("downgraded", "bronze", 50 * DAY),
    ]


def test_a_late_order_counts_at_its_own_time_and_rises_when_it_arrives() -> None:
    till = club(window=30 * DAY)
    till.complete("o-1", 50, at=10 * DAY)
    till.complete("late", 50, at=0, received=29 * DAY)
    assert changes(till) == [("upgraded", "silver", 29 * DAY)]
    till.pass_time(30 * DAY)
    assert changes(till)[1:] == [("downgraded", "bronze", 30 * DAY)]


def test_an_order_later_than_the_window_earns_but_lifts_nobody() -> None:
    till = club(window=30 * DAY)
    till.complete("late", 900, at=0, received=30 * DAY)
    assert till.points() == [("confirmed", 900, 900)]
    assert changes(till) == []


# Terms


def test_a_term_is_reviewed_at_its_end_and_the_next_runs_from_there() -> None:
    till = club(window=YEAR, term=Span(ms=30 * DAY))
    till.complete("o-1", 100, at=5)
    till.pass_time(60 * DAY + 5)
    assert changes(till)[1:] == [("renewed", "silver", 30 * DAY + 5), ("renewed", "silver", 60 * DAY + 5)]
    fields = till.latest(LOYALTY_TIERS).fields
    assert (fields["from"], fields["to"], fields["threshold"]) == ("silver", "silver", 80)
    assert fields["valid_until"] == START + 90 * DAY + 5


def test_within_a_term_the_metric_may_fall() -> None:
    till = club(window=10 * DAY, term=Span(ms=30 * DAY))
    till.complete("o-1", 500, at=0)
    till.pass_time(30 * DAY - 1)
    assert changes(till) == [("upgraded", "gold", 0)]
    till.pass_time(30 * DAY)
    assert changes(till)[1:] == [("downgraded", "silver", 30 * DAY)]
    assert till.latest(LOYALTY_TIERS).fields["valid_until"] == START + 60 * DAY
    till.pass_time(YEAR)
    assert changes(till)[2:] == [("downgraded", "bronze", 60 * DAY)]
    assert till.latest(LOYALTY_TIERS).fields["valid_until"] is None
    assert till.shopper.loyalty_due == 0


def test_a_failed_review_leads_into_grace_then_down() -> None:
    till = club(window=10 * DAY, term=Span(ms=30 * DAY), grace=Span(ms=5 * DAY), downgrade="to_qualified")
    till.complete("o-1", 500, at=0)
    till.complete("o-2", 120, at=34 * DAY)
    till.pass_time(35 * DAY)
    assert changes(till)[1:] == [("will_downgrade", "bronze", 30 * DAY), ("downgraded", "silver", 35 * DAY)]
    assert till.latest(LOYALTY_TIERS).fields["valid_until"] == START + 65 * DAY


def test_keep_regained_in_the_grace_of_a_term_starts_a_new_term() -> None:
    till = club(window=10 * DAY, term=Span(ms=30 * DAY), grace=Span(ms=5 * DAY))
    till.complete("o-1", 100, at=0)
    till.complete("o-2", 80, at=33 * DAY)
    assert changes(till)[1:] == [("will_downgrade", "bronze", 30 * DAY), ("renewed", "silver", 33 * DAY)]
    assert till.shopper.loyalty_due == START + 63 * DAY


def test_an_upgrade_in_grace_ends_it() -> None:
    till = club(window=10 * DAY, term=Span(ms=30 * DAY), grace=Span(ms=5 * DAY))
    till.complete("o-1", 100, at=0)
    till.complete("o-2", 500, at=33 * DAY)
    assert changes(till)[1:] == [("will_downgrade", "bronze", 30 * DAY), ("upgraded", "gold", 33 * DAY)]


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2024-02-29T12:00", Span(months=12), "2025-02-28T12:00"),
        ("2026-01-31T12:00", Span(months=1), "2026-02-28T12:00"),
        ("2026-12-15T00:00", Span(months=2), "2027-02-15T00:00"),
        # Berlin's clocks change on 29 March 2026; the wall clock stays.
        ("2026-03-15T10:00", Span(months=1), "2026-04-15T10:00"),
        ("2026-02-28T02:30", Span(months=1, ms=DAY), "2026-03-29T03:30"),
        ("2026-03-01T02:30", Span(ms=DAY), "2026-03-02T02:30"),
    ],
)
def test_months_are_counted_on_the_shops_calendar(start: str, span: Span, end: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    begun, ended = (from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone)) for text in (start, end))
    assert after(begun + 7, span, zone) == ended + 7


# Refunds and cancellations


def test_reversing_what_promoted_takes_the_tier_at_once_without_grace() -> None:
    for term in (None, Span(ms=YEAR)):
        till = club(term=term, grace=Span(ms=10 * DAY))
        till.complete("o-1", 60, at=0)
        till.complete("o-2", 440, at=1)
        till.cancel("o-2", at=2)
        assert changes(till) == [("upgraded", "gold", 1), ("downgraded", "bronze", 2)]
        fields = till.latest(LOYALTY_TIERS).fields
        assert (fields["value"], fields["threshold"], fields["valid_until"]) == (60, 500, None)


def test_it_leads_to_the_level_that_the_metric_reaches() -> None:
    till = club(term=Span(ms=YEAR))
    till.complete("o-1", 500, at=0)
    till.refund("o-1", 1, at=2)
    assert changes(till)[1:] == [("downgraded", "silver", 2)]
    assert till.latest(LOYALTY_TIERS).fields["valid_until"] == START + 2 + YEAR


def test_an_earlier_order_that_counted_promoted_as_well() -> None:
    till = club(term=Span(ms=YEAR))
    till.complete("o-1", 60, at=0)
    till.complete("o-2", 50, at=1)
    till.refund("o-1", at=2)
    assert changes(till)[1:] == [("downgraded", "bronze", 2)]


def test_reversing_a_later_order_does_not() -> None:
    till = club(term=Span(ms=YEAR), window=10 * DAY)
    till.complete("o-1", 100, at=0)
    till.complete("o-2", 100, at=5 * DAY)
    till.pass_time(11 * DAY)
    till.refund("o-2", at=12 * DAY)
    assert changes(till) == [("upgraded", "silver", 0)]


def test_an_order_that_came_after_the_upgrade_with_an_earlier_time_did_not_promote() -> None:
    till = club(term=Span(ms=YEAR))
    till.complete("o-1", 100, at=10)
    till.complete("late", 50, at=5, received=11)
    till.cancel("o-1", at=12)
    assert changes(till)[1:] == [("downgraded", "bronze", 12)]
    other = club(term=Span(ms=YEAR), window=10 * DAY)
    other.complete("o-1", 100, at=DAY)
    other.complete("late", 50, at=0, received=2 * DAY)
    other.refund("late", at=3 * DAY)
    assert changes(other) == [("upgraded", "silver", DAY)]


def test_a_metric_between_keep_and_from_is_not_taken_below_from_again() -> None:
    till = club(term=Span(ms=YEAR), window=10 * DAY)
    till.complete("o-1", 40, at=0)
    till.complete("o-2", 60, at=5 * DAY)
    till.pass_time(10 * DAY)
    # 60 by now, below 100 already: the refund takes nothing below the threshold.
    till.refund("o-2", 10, at=11 * DAY)
    assert changes(till) == [("upgraded", "silver", 5 * DAY)]


def test_without_a_term_a_refund_below_keep_costs_the_tier_also_if_the_order_did_not_promote() -> None:
    till = club(metric="spend", levels=SPEND_LADDER, window=10 * DAY)
    till.complete("o-1", 100, at=0)
    till.complete("o-2", 90, at=5 * DAY)
    till.pass_time(10 * DAY)
    assert changes(till) == [("upgraded", "silver", 0)]
    till.refund("o-2", 11, at=11 * DAY)
    assert changes(till)[1:] == [("downgraded", "bronze", 11 * DAY)]


def test_an_order_and_the_refund_that_waited_for_it_are_looked_at_once() -> None:
    till = club()
    till.refund("o-1", 50, at=0)
    till.complete("o-1", 120, at=0, received=1)
    assert [points for _, points, _ in till.points()] == [120, -50]
    assert changes(till) == []


def test_correcting_the_price_of_what_promoted_counts_as_reversing_it() -> None:
    till = club(term=Span(ms=YEAR))
    till.complete("o-1", 1000, at=0)
    till.update("o-1", 10, at=1)
    assert changes(till)[1:] == [("downgraded", "bronze", 1)]


def test_orders_from_before_the_programme_count_as_spend_and_promote() -> None:
    till = club(metric="spend", levels=SPEND_LADDER, term=Span(ms=YEAR))
    member = till.loyalty
    till.loyalty = Loyalty(plan())
    till.complete("o-1", 90, at=0)
    till.loyalty = member
    till.complete("o-2", 10, at=1)
    joined = till.decisions[0].fields
    assert joined["value"] == {"amount": 90_00, "currency": "EUR"}
    assert changes(till) == [("upgraded", "silver", 1)]
    till.cancel("o-1", at=2)
    assert changes(till)[1:] == [("downgraded", "bronze", 2)]


# Several programmes, other plans, profiles


def test_programmes_stand_side_by_side_and_the_earliest_timer_is_due() -> None:
    slow, fast = programme(window=30 * DAY), replace(programme(window=10 * DAY), name="sprint", identity="sprint-1")
    till = Till(plan(slow, fast))
    till.complete("o-1", 100, at=0)
    assert till.shopper.loyalty_due == START + 10 * DAY
    till.pass_time(10 * DAY)
    assert till.shopper.loyalty_due == START + 30 * DAY
    downgraded = [one for one in till.decisions if one.fields.get("change") == "downgraded"]
    assert [one.fields["programme"] for one in downgraded] == ["sprint"]
    assert len({one.id for one in till.decisions}) == len(till.decisions)


def test_the_profile_shows_tier_balance_and_what_the_window_holds() -> None:
    till = club(window=30 * DAY)
    assert till.loyalty.summary(till.shopper) == {}
    till.complete("o-1", "99.99", at=0)
    till.complete("o-2", "20.50", at=5)
    # floor(20 points x 5.00 / 20.50) = 4 of them go.
    till.refund("o-2", 5, at=6)
    assert till.loyalty.summary(till.shopper) == {
        "club": {
            "tier": "silver",
            "balance": 115,
            "pending": 0,
            "earned": 115,
            "spend": {"amount": 115_49, "currency": "EUR"},
        }
    }
    till.pass_time(30 * DAY)
    assert till.loyalty.summary(till.shopper)["club"] == {
        "tier": "bronze",
        "balance": 115,
        "pending": 0,
        "earned": 16,
        "spend": {"amount": 15_50, "currency": "EUR"},
    }


def test_a_changed_programme_is_applied_when_the_shopper_is_looked_at_anew() -> None:
    till = club()
    till.complete("o-1", 300, at=0)
    till.loyalty = Loyalty(plan(programme(levels=(*LADDER[:2], Level("gold", 250, 200)), window=30 * DAY)))
    moment = Moment("shop", "kim", till.shopper.now, "definition_change", None, till.decisions, till.remarks, True)
    till.loyalty.reassess(till.shopper, moment)
    assert changes(till)[1:] == [("upgraded", "gold", 0)]
    assert (till.latest(LOYALTY_TIERS).silent, till.shopper.loyalty_due) == (True, START + 30 * DAY)
    till.loyalty = Loyalty(plan(programme(levels=LADDER[:1])))
    till.loyalty.reassess(till.shopper, moment)
    assert till.loyalty.summary(till.shopper)["club"]["tier"] == "bronze"
    assert till.shopper.loyalty_due == 0
