"""Signs of fraud: each time points are held is counted, under the sign's own remark."""

from typing import Any

import msgspec

from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.loyalty.review import HELD_POINTS, HELD_REFERRALS, HELD_REFUNDS, NOTHING_HELD, ORIGINS, Signs
from pipeline.domain.loyalty_definition import EarnRule, Level, Limit, ProgrammeDefinition, Review
from pipeline.domain.value.instant import DAY
from tests.support.till import START, Till

EARN = (EarnRule("Order Completed", 1_000_000, 100),)


def till_of(review: Review, **more: Any) -> Till:
    levels = (Level("bronze", 0, 0),)
    programme = ProgrammeDefinition("club", "club-1", EARN, "points_earned", levels, review=review, **more)
    return Till(Plan(name="shop", digest="d", currency="EUR", programmes=(programme,)))


def test_more_points_than_a_day_may_bring_are_counted_order_by_order_and_price_by_price() -> None:
    till = till_of(Review(points_per_day=100))
    till.complete("o-1", 100)
    till.complete("o-2", 1, at=DAY - 1)
    till.update("o-1", 101, at=DAY - 1)
    assert till.remarks == [HELD_POINTS, HELD_POINTS]
    till.complete("o-3", 100, at=DAY)
    assert till.remarks == [HELD_POINTS, HELD_POINTS]


def test_who_sends_back_often_is_counted_with_each_order() -> None:
    till = till_of(Review(refunds=Limit(1, 10 * DAY)))
    till.complete("o-1", 100)
    till.refund("o-1", 10)
    till.complete("o-2", 100)
    assert till.remarks == []
    till.refund("o-1", 10)
    till.complete("o-3", 100)
    assert till.remarks == [HELD_REFUNDS]


def test_a_word_on_what_is_not_held_is_counted() -> None:
    till = till_of(Review(points_per_day=100))
    till.complete("o-1", 100)
    till.ring("Points Review Released", None, 1)
    assert till.remarks.count(NOTHING_HELD) == 1


def test_what_is_rejected_of_an_order_leaves_what_it_earned_before() -> None:
    till = till_of(Review(points_per_day=100), confirm_after=1_000)
    till.complete("o-1", 100)
    till.update("o-1", 250)
    till.ring("Points Review Rejected", None, 1)
    till.pass_time(2_000)
    till.ring("Points Review Released", None, 2_000)
    assert [one.fields["entry"] for one in till.decisions if "entry" in one.fields] == [
        "pending",
        "pending_review",
        "reversed",
        "confirmed",
    ]
    assert till.shopper.standings["club"].balance == 100


def test_a_price_that_was_released_is_confirmed_with_the_order_it_is_of() -> None:
    till = till_of(Review(points_per_day=100), confirm_after=1_000)
    till.complete("o-1", 100)
    till.update("o-1", 250)
    till.ring("Points Review Released", None, 1)
    till.pass_time(2_000)
    assert till.points()[-1] == ("confirmed", 250, 250)


def test_friends_of_one_device_are_counted_and_devices_seen_long_ago_forgotten() -> None:
    signs, book = Signs(Review(referrals_per_device=Limit(1))), BonusBook()

    def comes_with(device: int) -> str | None:
        told = msgspec.Raw(b"{}")
        event = Event("track", "Referral Completed", "kim", START, START, "m-1", 1, told, origin=(device, 0))
        return signs.of_referral(book, event)

    assert [comes_with(1), comes_with(1), comes_with(2), comes_with(0)] == [None, HELD_REFERRALS, None, None]
    for device in range(3, 3 + ORIGINS):
        assert comes_with(device) is None
    assert len(book.origins) == ORIGINS
    assert comes_with(1) is None
