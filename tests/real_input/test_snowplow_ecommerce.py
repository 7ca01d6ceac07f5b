"""833 events of Snowplow's browser and app trackers through `afterclick replay`.

Everything expected is counted here from the tables, without the engine.
"""

from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from tests.real_input.snowplow_event import SnowplowEvent, read_events, with_carts, write_calls
from tests.support.replay_run import ReplayRun, instant, replay

pytestmark = pytest.mark.real_input

TOPOLOGY = Path(__file__).with_name("snowplow.topology.yaml")
RATES = {"EUR": Decimal(1), "USD": Decimal("0.92"), "GBP": Decimal("1.17")}
CART_ACTIONS = ("add_to_cart", "remove_from_cart", "transaction")
# The session whose add names one product twice: its prices come to 30, the cart's total is 15.
NAMED_TWICE = "bbcf9fb2fcb583dec133a6ee760201e1f9e584b9bb099492e497ca3d5872d662"


@pytest.fixture(scope="module")
def events(shared: Path) -> list[SnowplowEvent]:
    return read_events(shared / "data" / "snowplow_ecommerce" / "source")


@pytest.fixture(scope="module")
def run(events: list[SnowplowEvent], tmp_path_factory: pytest.TempPathFactory) -> ReplayRun:
    """The replay, with time going on for a day after the last event."""
    folder = tmp_path_factory.mktemp("snowplow")
    write_calls(events, folder / "calls.ndjson")
    return replay(TOPOLOGY, [folder / "calls.ndjson"], folder / "out", "--until", "2022-12-24T00:00:00Z")


def test_the_tables_hold_what_their_readme_says(events: list[SnowplowEvent]) -> None:
    assert len(events) == 833
    assert Counter(event.action for event in events if event.action) == {
        "product_view": 179, "list_view": 100, "list_click": 35, "promo_view": 1, "promo_click": 1,
        "add_to_cart": 38, "remove_from_cart": 15, "checkout_step": 38, "transaction": 14, "refund": 1,
    }  # fmt: skip


def test_every_call_is_taken_and_every_visitor_has_a_profile(events: list[SnowplowEvent], run: ReplayRun) -> None:
    assert run.dead_letters == []
    assert run.profiles.keys() == {event.shopper for event in events}


def test_visits_end_after_half_an_hour_of_silence(events: list[SnowplowEvent], run: ReplayRun) -> None:
    times = defaultdict(list)
    for event in events:
        times[event.shopper].append(min(event.time, event.received))

    def visits(of_shopper: list[int]) -> int:
        ordered = sorted(of_shopper)
        return 1 + sum(later - earlier > 30 * 60_000 for earlier, later in pairwise(ordered))

    expected = {shopper: visits(of_shopper) for shopper, of_shopper in times.items()}
    assert {shopper: profile["sessions"] for shopper, profile in run.profiles.items()} == expected
    # Here they are the trackers' own sessions: 63 of browsers and one of the app, whose id stands in another table.
    sessions = Counter(shopper for shopper, _ in {(event.shopper, event.session) for event in events})
    assert expected == sessions
    assert sessions.total() == 63 + 1


def test_orders_and_the_refund_come_to_the_right_money(events: list[SnowplowEvent], run: ReplayRun) -> None:
    value: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    for event in events:
        if event.action == "transaction" and event.transaction is not None:
            value[event.shopper] += _euro_cents(event.transaction["revenue"], event.transaction["currency"])
        if event.action == "refund":
            refunded[event.shopper] += _euro_cents(event.products[0]["price"], event.products[0]["currency"])
    number = Counter(event.shopper for event in events if event.action == "transaction")
    for shopper, profile in run.profiles.items():
        orders = profile["orders"]
        assert orders["count"] == number[shopper]
        assert orders["value"] == {"amount": value[shopper], "currency": "EUR"}
        assert orders["net"] == {"amount": value[shopper] - refunded[shopper], "currency": "EUR"}
    assert number.total() == 14
    assert refunded.total() == 11_699


def test_snowplow_documents_11_abandoned_carts_of_16(events: list[SnowplowEvent]) -> None:
    """By the rule of Snowplow's own model of these sessions (dbt-snowplow-ecommerce, `session_cart_abandoned`): fewer
    carts bought than created."""
    with_cart, abandoned = _by_snowplow(events)
    assert (len(abandoned), len(with_cart)) == (11, 16)
    assert NAMED_TWICE in with_cart - abandoned


def test_the_engine_finds_these_11(events: list[SnowplowEvent], run: ReplayRun) -> None:
    """A cart counts if it was told of and its own order did not recover it."""
    _, expected = _by_snowplow(events)
    told = [line for line in run.lines("abandonment-triggers") if line["kind"] == "snowplow-cart"]
    abandoned = {line["subject"] for line in told if line["change"] == "abandoned"}
    bought = {line["subject"] for line in told if line["change"] == "recovered" and line["reason"] == "cart_id"}
    assert {subject.partition("#")[0] for subject in abandoned - bought} == expected


def test_a_cart_left_with_something_in_it_is_told_of_half_an_hour_later(
    events: list[SnowplowEvent], run: ReplayRun
) -> None:
    expected = _left_behind(events)
    told = [line for line in run.lines("abandonment-triggers") if line["kind"] == "left-behind"]
    assert {line["change"] for line in told} == {"abandoned"}
    assert sorted((line["subject"], instant(line["effective_at"])) for line in told) == sorted(expected)
    # 8 of the 16 sessions: those that emptied their cart, or bought last, left nothing behind.
    assert len({subject.partition("#")[0] for subject, _ in expected}) == 8


def test_nothing_is_told_within_three_days_of_a_purchase_by_default(
    events: list[SnowplowEvent], run: ReplayRun
) -> None:
    buyers = {event.shopper for event in events if event.action == "transaction"}
    told = {
        kind: {line["subject"] for line in run.lines("abandonment-triggers") if line["kind"] == kind}
        for kind in ("left-behind", "new-business")
    }
    of_buyers = {cart_id for cart_id, _, shopper in _last_edits(events) if shopper in buyers}
    assert told["new-business"] == told["left-behind"] - of_buyers
    assert told["left-behind"] & of_buyers


def _euro_cents(amount: str, currency: str) -> int:
    return int((Decimal(amount) * RATES[currency] * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _by_snowplow(events: list[SnowplowEvent]) -> tuple[set[str], set[str]]:
    """Sessions with a cart event, and those of them that Snowplow calls abandoned."""
    created: Counter[str] = Counter()
    bought: Counter[str] = Counter()
    for event in events:
        created[event.session] += event.creates_cart
        bought[event.session] += event.action == "transaction"
    sessions = {event.session for event in events if event.action in CART_ACTIONS}
    return sessions, {session for session in sessions if bought[session] < created[session]}


def _left_behind(events: list[SnowplowEvent]) -> list[tuple[str, int]]:
    """Carts that were left with a line in them, no order of the shopper following, and when half an hour had passed.

    Whoever comes back does so within minutes or not at all, so that no cart is left twice.
    """
    orders = {event.shopper: event.time for event in events if event.action == "transaction"}
    return [(cart_id, at + 30 * 60_000) for cart_id, at, shopper in _last_edits(events) if orders.get(shopper, 0) < at]


def _last_edits(events: list[SnowplowEvent]) -> list[tuple[str, int, str]]:
    """Each cart that its last edit left with a line in it: its id, the time of that edit and the shopper."""
    carts: dict[str, Counter[str]] = {}
    edits: dict[str, tuple[int, str]] = {}
    for event, cart_id in with_carts(events):
        if event.action == "add_to_cart":
            carts.setdefault(cart_id, Counter()).update(product["id"] for product in event.products)
        elif event.action == "remove_from_cart" and cart_id in carts:
            for product in event.products:
                carts[cart_id].pop(product["id"], None)
        else:
            continue
        edits[cart_id] = event.time, event.shopper
    return [(cart_id, at, shopper) for cart_id, (at, shopper) in edits.items() if carts[cart_id]]
