"""Blocks of packed rows change nothing: the engine decides what the oracle does, and what it does with all rows at
hand, also where blocks are so small that every history has many. AFTERCLICK_SEEDS sets how many seeds are tried."""

import os
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import block
from pipeline.domain.commerce.order_book import amounts_after, earliest_orders, latest_orders, of_all_time
from pipeline.domain.commerce.union import join_orders
from pipeline.domain.decision import Decision, Moment
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.lot_block import all_lots
from pipeline.domain.loyalty_definition import EarnRule, ExpiryRule, Level, ProgrammeDefinition, Span
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.column import pack, unpack
from pipeline.domain.value.instant import DAY
from tests.oracle.ledger_trial import misbooked
from tests.oracle.random_earning import earning_case
from tests.oracle.trial import case, disagreement
from tests.support.till import START, Till
from tests.support.topology_driver import CODEC

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "12"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))

CLUB = ProgrammeDefinition(
    "club",
    "club-1",
    (EarnRule("Order Completed", 1_000_000, 100), EarnRule("Order Completed", 2_000_000, 0)),
    "points_earned",
    (Level("bronze", 0, 0), Level("silver", 60, 50), Level("gold", 150, 120)),
    window=30 * DAY,
    confirm_after=3 * DAY,
    expire=ExpiryRule(after=Span(ms=40 * DAY), at="week", notices=(5 * DAY,)),
)
SPENDERS = ProgrammeDefinition(
    "spenders",
    "spenders-1",
    (EarnRule("Order Completed", 1_000_000, 100),),
    "spend",
    (Level("low", 0, 0), Level("high", 20_000, 15_000)),
    window=30 * DAY,
)
PLAN = Plan(name="shop", digest="d", currency="EUR", programmes=(CLUB, SPENDERS))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of three rows, and one or two at hand."""
    for name, rows in (("KEPT", 1), ("MOST", 2), ("BLOCK", 3)):
        monkeypatch.setattr(block, name, rows)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree_on_ledgers(seed: int) -> None:
    assert misbooked(seed) == []


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS // 3))
@pytest.mark.parametrize("made", [earning_case, case])
def test_engine_and_oracle_agree_on_all_the_rest(seed: int, made: object) -> None:
    assert disagreement(*made(seed)) == []  # type: ignore[operator]


def play(seed: int) -> Till:
    """Months of orders, some late, some of one instant; of updates, refunds and redemptions of any age; and a record
    that is stored after each."""
    random, till, now = Random(seed), Till(PLAN), 0
    for number in range(120):
        now += random.choice((0, 1, DAY // 2, DAY, 2 * DAY))
        named, at = f"o{random.randrange(number + 1)}", max(0, now - random.choice((0, 0, 0, DAY, 20 * DAY)))
        match random.randrange(10):
            case 0:
                till.refund(named, random.randint(1, 20), at=now, refund_id=f"r{number}")
            case 1:
                till.cancel(named, at=now)
            case 2:
                till.update(named, random.randint(1, 60), at=now)
            case 3:
                till.ring("Points Redeemed", None, now, points=random.randint(1, 40), redemption_id=f"s{number % 7}",
                          programme="club")  # fmt: skip
            case 4:
                till.ring("Redemption Cancelled", None, now, redemption_id=f"s{number % 7}", programme="club")
            case _:
                product = {"product_id": f"p{number % 3}", "price": random.randint(1, 30), "quantity": 2}
                total = random.choice((None, random.randint(1, 60)))
                till.ring("Order Completed", f"o{number}", at, now, total=total, products=[product])
        till.shopper = CODEC.decode(CODEC.encode(till.shopper))
    till.pass_time(now + 100 * DAY)
    return till


def put_together(seed: int) -> Till:
    """Two records of one person: they have orders in common, under different instants too."""
    till, other = play(seed), play(seed + 100_000)
    moment = Moment("shop", "s", max(till.shopper.now, other.shopper.now), "merge", None, till.decisions, till.remarks)
    till.loyalty.join(till.shopper, other.shopper, join_orders(till.shopper, other.shopper, moment), moment)
    till.shopper = CODEC.decode(CODEC.encode(till.shopper))
    return till


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 4 * SEEDS))
def test_records_are_put_together_as_those_of_rows_at_hand(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block, "MOST", 10_000)
    plain = put_together(seed)
    for name, rows in (("KEPT", 1), ("MOST", 2), ("BLOCK", 3)):
        monkeypatch.setattr(block, name, rows)
    packed = put_together(seed)
    assert len(packed.shopper.filed_orders) > 5
    assert [named(one) for one in packed.decisions] == [named(one) for one in plain.decisions]
    assert told(packed.shopper) == told(plain.shopper)


def named(decision: Decision) -> Decision:
    """A cancellation that a merge tells of has its order from a block, and names the lot by what a block keeps."""
    lot = decision.fields.get("lot")
    if decision.cause_kind != "merge" or lot is None:
        return decision
    return msgspec.structs.replace(decision, fields={**decision.fields, "lot": lot[:10]})


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 4 * SEEDS))
def test_decisions_are_those_of_rows_at_hand(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block, "MOST", 10_000)
    plain = play(seed)
    monkeypatch.setattr(block, "MOST", 2)
    monkeypatch.setattr(block, "KEPT", 1)
    monkeypatch.setattr(block, "BLOCK", 3)
    packed = play(seed)
    assert len(packed.shopper.filed_orders) > 5
    assert packed.decisions == plain.decisions
    assert packed.remarks == plain.remarks
    assert told(packed.shopper) == told(plain.shopper)


def told(shopper: Shopper) -> list[object]:
    """What is read of orders and lots, without the parts of fingerprints that blocks do not keep."""
    lots = [
        msgspec.structs.replace(lot, order=lot.order >> 24)
        for name in ("club", "spenders")
        for lot in all_lots(shopper.standings[name])
    ]
    orders = [msgspec.structs.replace(order, key=order.key >> 24) for order in earliest_orders(shopper)]
    assert orders == [msgspec.structs.replace(order, key=order.key >> 24) for order in latest_orders(shopper)][::-1]
    return [of_all_time(shopper), amounts_after(shopper, START + 10 * DAY), amounts_after(shopper, -1), orders, lots]


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=40))
def test_any_column_is_unpacked_as_it_was(values: list[int]) -> None:
    assert unpack(pack(values), len(values)) == values


@given(st.integers(0, 2**40), st.lists(st.sampled_from([0, 1, 1, 1, 1, 1, 1, 1, 10**9]), min_size=1, max_size=140))
def test_any_column_of_steps_is_unpacked_as_it_was(first: int, steps: list[int]) -> None:
    values = [first + sum(steps[:at]) for at in range(len(steps))]
    assert unpack(pack(values), len(values)) == values


def test_columns_take_few_bits() -> None:
    assert pack([7] * 100) == [7]
    assert pack(list(range(5, 105))) == [5, [1], None, None]
    assert pack([0] * 50 + [9] + [0] * 49) == [0, [50, 9]]
    _, width, bits = pack([3, 1, 2, 0] * 25)
    assert (width, len(bits)) == (2, 25)
