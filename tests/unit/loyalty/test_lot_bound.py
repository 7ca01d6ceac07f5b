"""What a record keeps of the points of one who orders for decades: the lots that are open, and a sum."""

import msgspec

from pipeline.domain.decision import LOYALTY_POINTS
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.lot_block import all_lots
from pipeline.domain.loyalty_definition import EarnRule, ExpiryRule, Level, ProgrammeDefinition, Span
from pipeline.domain.value.instant import DAY
from tests.support.till import Till

CLUB = ProgrammeDefinition(
    "club",
    "club-1",
    (EarnRule("Order Completed", 1_000_000, 100),),
    "points_earned",
    (Level("bronze", 0, 0), Level("gold", 1_000_000, 1_000_000)),
    window=365 * DAY,
    confirm_after=14 * DAY,
    expire=ExpiryRule(after=Span(ms=365 * DAY), at="month"),
)
STEP = 4 * DAY


def test_closed_lots_are_folded_and_the_balance_stays_the_sum_of_its_entries() -> None:
    till = Till(Plan(name="shop", digest="d", currency="EUR", programmes=(CLUB,)))
    sizes = []
    for number in range(2_000):
        till.complete(f"o-{number}", 20 + number % 7, at=number * STEP)
        if number % 10 == 3:
            till.refund(f"o-{number - 2}", 5, at=number * STEP + 1)
        if number in (399, 1_999):
            sizes.append(len(msgspec.msgpack.encode(till.shopper.standings["club"])))
    standing = till.shopper.standings["club"]
    assert len(all_lots(standing)) <= 110
    assert sizes[1] <= sizes[0] + 300 <= 8_192
    entries = [one.fields for one in till.decisions if one.topic == LOYALTY_POINTS]
    moved = {"pending": 0, "confirmed": 1, "reversed": 0, "expired": 1}
    assert standing.balance == sum(moved[one["entry"]] * one["points"] for one in entries)
    window = sum(lot.points - lot.reversed for lot in all_lots(standing) if lot.time > till.shopper.now - 365 * DAY)
    assert till.loyalty.summary(till.shopper)["club"]["earned"] == window


def test_a_refund_of_a_folded_lot_takes_nothing() -> None:
    till = Till(Plan(name="shop", digest="d", currency="EUR", programmes=(CLUB,)))
    till.complete("o-1", 50)
    till.complete("o-2", 30, at=500 * DAY)
    till.pass_time(600 * DAY)
    assert [lot.points for lot in all_lots(till.shopper.standings["club"])] == [30]
    before = till.points()
    till.cancel("o-1", at=600 * DAY)
    assert till.points() == before
