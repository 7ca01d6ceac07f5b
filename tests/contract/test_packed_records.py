"""Records of format 2, which kept every order, lot and holding at hand, become packed ones, and nothing is decided
otherwise."""

import msgspec
import pytest

from pipeline.domain import block
from pipeline.domain.block import KEPT, MOST
from pipeline.domain.commerce.order_book import amounts_after, of_all_time
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.lot_block import all_lots
from pipeline.domain.loyalty_definition import EarnRule, ExpiryRule, Level, ProgrammeDefinition, Span
from pipeline.domain.shopper import FORMAT, Shopper
from pipeline.domain.value.instant import DAY
from tests.support.shop_state import opened
from tests.support.till import Till
from tests.support.topology_driver import CODEC

CLUB = ProgrammeDefinition(
    "club",
    "club-1",
    (EarnRule("Order Completed", 1_000_000, 100),),
    "points_earned",
    (Level("bronze", 0, 0), Level("gold", 3_000, 2_500)),
    window=365 * DAY,
    confirm_after=14 * DAY,
    expire=ExpiryRule(after=Span(ms=365 * DAY), at="month"),
)
PLAN = Plan(name="shop", digest="d", currency="EUR", programmes=(CLUB,))
PRODUCTS = [{"product_id": "a", "price": 6, "quantity": 2}, {"product_id": "b", "price": 5}]


def buys(till: Till, begin: int, end: int) -> None:
    for number in range(begin, end):
        till.complete(f"o-{number}", 17 + number % 9, at=number * DAY + number, products=PRODUCTS)


def as_of_format_2(shopper: Shopper) -> bytes:
    return b"\x02" + CODEC.encode(msgspec.structs.replace(shopper, format=2))[1:]


def test_a_record_of_format_2_is_packed_by_the_next_order(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as all_at_hand:
        all_at_hand.setattr(block, "MOST", 10_000)
        old = Till(PLAN)
        buys(old, 0, 300)
        stored = as_of_format_2(old.shopper)
    assert stored[0] == 2 < FORMAT
    # given a worker of this version that reads it
    till = Till(PLAN)
    till.shopper = CODEC.decode(stored)
    assert (len(till.shopper.orders), CODEC.due(stored)) == (300, old.shopper.due)
    # when a further order comes
    before = (of_all_time(till.shopper), len(all_lots(till.shopper.standings["club"])))
    buys(till, 300, 301)
    # then all is packed but the latest, and the record is a third of what it was
    purse = till.shopper.standings["club"].purse
    assert purse is not None
    at_hand = (till.shopper.orders, till.shopper.standings["club"].lots, purse.holdings)
    assert all(KEPT <= len(rows) <= MOST for rows in at_hand)
    assert len(CODEC.encode(till.shopper)) < len(stored) / 2.5
    assert before == (
        msgspec.structs.replace(of_all_time(till.shopper), count=300, value=before[0].value),
        len(all_lots(till.shopper.standings["club"])) - 1,
    )


def test_what_a_packed_record_is_asked_for_later_is_what_one_at_hand_says(monkeypatch: pytest.MonkeyPatch) -> None:
    tills = []
    for most in (10_000, MOST):
        monkeypatch.setattr(block, "MOST", most)
        till = Till(PLAN)
        buys(till, 0, 250)
        till.shopper = CODEC.decode(CODEC.encode(till.shopper))
        # of an order without lines any more, of one with lines, all of one, and one that comes late
        till.refund("o-3", 5, at=250 * DAY, products=[{"product_id": "b"}])
        till.refund("o-200", 5, at=251 * DAY, products=[{"product_id": "b"}])
        till.cancel("o-100", at=252 * DAY)
        till.ring("Order Completed", "late", 60 * DAY, 253 * DAY, total=90, products=PRODUCTS)
        till.ring("Order Completed", "o-9", 254 * DAY, 254 * DAY, total=90, products=PRODUCTS)
        till.pass_time(800 * DAY)
        tills.append(till)
    at_hand, packed = tills
    assert packed.shopper.filed_orders and not at_hand.shopper.filed_orders
    assert packed.decisions == at_hand.decisions
    assert of_all_time(packed.shopper) == of_all_time(at_hand.shopper)
    assert amounts_after(packed.shopper, 0) == amounts_after(at_hand.shopper, 0)


def test_blocks_are_stored_and_read_back_as_they_are() -> None:
    till = Till(PLAN)
    buys(till, 0, 200)
    stored = CODEC.encode(till.shopper)
    read = CODEC.decode(stored)
    assert CODEC.encode(read) == stored
    assert opened(read) == opened(till.shopper)
    assert read.filed_orders == till.shopper.filed_orders
