"""Very many orders: the oldest are known by their totals alone, and what comes for them afterwards is counted."""

from random import Random

import pytest

from pipeline.domain.commerce import early_update, order, order_book
from pipeline.domain.commerce.order_book import of_all_time
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty import lot
from pipeline.domain.loyalty.lot_block import all_lots
from pipeline.domain.loyalty_definition import EarnRule, Level, ProgrammeDefinition
from pipeline.domain.value.instant import DAY
from tests.support.till import Till

PLAN = Plan(name="shop", digest="d", currency="EUR")


MICRO = 1_000_000


def club(points: int) -> Till:
    """points: for each unit of money, in millionths."""
    levels = (Level("bronze", 0, 0),)
    programme = ProgrammeDefinition("club", "c", (EarnRule("Order Completed", points, 100),), "points_earned", levels)
    return Till(Plan(name="shop", digest="d", currency="EUR", programmes=(programme,)))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three orders and refunds are the most."""
    monkeypatch.setattr(order_book, "ORDERS", 3)
    monkeypatch.setattr(lot, "ORDERS", 3)
    monkeypatch.setattr(order, "REFUNDS", 3)


def remarks(till: Till) -> list[str]:
    told = list(till.remarks)
    till.remarks.clear()
    return told


def buy(till: Till, *numbers: int, total: int = 10) -> None:
    """An order a day, its number being the day."""
    for number in numbers:
        till.complete(f"o{number}", total, number * DAY)


def totals(till: Till) -> tuple[int, int, int]:
    found = of_all_time(till.shopper)
    return found.count, found.value, found.refunded


@pytest.mark.usefixtures("small")
def test_the_oldest_order_is_forgotten_and_its_worth_is_not() -> None:
    till = Till(PLAN)
    buy(till, 0, 1, 2)
    till.refund("o0", 4, 2 * DAY)
    assert remarks(till) == []
    buy(till, 3)
    assert remarks(till) == ["order_limit"]
    assert len(till.shopper.orders) == 3
    assert totals(till) == (4, 4000, 400)


@pytest.mark.usefixtures("small")
def test_a_cancelled_order_that_is_forgotten_counts_for_nothing() -> None:
    till = Till(PLAN)
    buy(till, 0)
    till.cancel("o0", DAY)
    buy(till, 2, 3, 4, 5)
    assert totals(till) == (4, 4000, 0)


@pytest.mark.usefixtures("small")
def test_what_comes_for_a_forgotten_order_finds_nothing_and_is_counted() -> None:
    till = Till(PLAN)
    buy(till, 0, 1, 2, 3, 4)
    remarks(till)
    # a copy of a forgotten order, and an order as old, which might be one
    for order_id in ("o0", "o99"):
        (change,) = till.ring("Order Completed", order_id, 0, 4 * DAY, total=10)
        assert (change.kind, change.order) == (order.DUPLICATE, None)
    assert remarks(till) == ["order_limit"] * 2
    # a refund of it waits for its order, as any does whose order is not known
    till.refund("o0", 4, 5 * DAY)
    till.pass_time(36 * DAY)
    assert remarks(till) == ["refund_unmatched"]
    assert totals(till) == (5, 5000, 0)


@pytest.mark.usefixtures("small")
def test_the_refunds_known_one_by_one_are_the_latest() -> None:
    till = Till(PLAN)
    buy(till, 0, total=100)
    for number in range(1, 6):
        till.refund("o0", 4, number * DAY, refund_id=f"r{number}")
    assert remarks(till) == ["refund_limit"] * 2
    assert len(till.shopper.refund_keys) == 3
    # a copy of one of them counts for nothing
    till.refund("o0", 4, 6 * DAY, refund_id="r5")
    assert totals(till) == (1, 10_000, 2000)


@pytest.mark.usefixtures("small")
def test_lots_of_points_are_as_many_as_orders_and_points_earned_stay() -> None:
    till = club(MICRO)
    buy(till, 0, 1, 2, 3, 4)
    standing = till.shopper.standings["club"]
    assert (len(all_lots(standing)), standing.earned, standing.balance) == (3, 50, 50)


def test_more_points_than_one_order_can_bring_are_counted() -> None:
    till = club(10**12 * MICRO)
    buy(till, 0)
    assert remarks(till) == ["points_limit"]
    assert till.points() == [("confirmed", 10**12, 10**12)]
    till.update("o0", 20, DAY)
    assert remarks(till) == ["points_limit"]


@pytest.mark.parametrize("seed", range(40))
def test_totals_are_those_of_a_book_without_a_bound(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of orders that arrive somewhat out of order, and are refunded or cancelled before they are forgotten."""
    random = Random(seed)
    numbers = sorted(range(40), key=lambda number: number + random.random() * 3)
    refunded = {number: random.randint(1, 12) for number in numbers if random.random() < 0.4}
    cancelled = {number for number in numbers if random.random() < 0.2}
    found = []
    for bound in (8, 10_000):
        monkeypatch.setattr(order_book, "ORDERS", bound)
        till = Till(PLAN)
        for number in numbers:
            till.ring("Order Completed", f"o{number}", number * DAY, 50 * DAY, total=10)
            if number in refunded:
                till.refund(f"o{number}", refunded[number], 50 * DAY)
            if number in cancelled:
                till.cancel(f"o{number}", 50 * DAY)
        assert len(till.shopper.orders) <= bound
        found.append(totals(till))
    assert found[0] == found[1]


def test_few_updates_wait_for_their_orders_and_what_is_not_kept_is_told_by_the_order() -> None:
    till = club(MICRO)
    for number in range(early_update.UPDATES + 1):
        till.update(f"o{number}", 20, DAY, points_discount=5)
    assert remarks(till) == ["update_limit"]
    for order_id, points in (("o0", 19), ("o1", 15)):
        till.ring("Order Completed", order_id, 0, 2 * DAY, total=50, points_discount=1)
        assert till.points()[-1][:2] == ("confirmed", points)
    # one that has been taken leaves room, a long one finds none
    till.update("o-long", 20, 3 * DAY, note="x" * 9_000)
    assert remarks(till) == ["update_limit"]
    assert len(till.shopper.early_updates) == early_update.UPDATES - 1
