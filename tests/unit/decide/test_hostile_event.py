"""Values of no sense at run time: each is refused or counted under its name, and the next event goes on."""

import time
from typing import Any

import msgspec
import pytest

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from pipeline.domain.shopper import Shopper
from pipeline.state.record import RecordCodec

NOW = 1_767_434_400_000
# Seconds of this process that one event may take, and one takes milliseconds.
SOON = 2.0
TOPOLOGY = """
version: 1
name: shop
segments:
  sum: {when: {sum: {of: A, property: x, within: 30d, at_least: 1}}}
  ever: {when: {avg: {of: A, property: x, at_least: 1}}}
  distinct: {when: {distinct: {of: A, property: x, within: 30d, at_least: 5000}}}
  dear: {when: {count: {of: A, where: {x: {at_least: 5}}, at_least: 1}}}
  latest: {when: {last: {of: A, property: x, at_least: 3}}}
  funnel: {when: {sequence: {steps: [{of: A, where: {x: {more_than: 1}}}, {of: B}], within: 1d, same: [x]}}}
  pattern: {when: {count: {of: A, where: {y: {matches: "^(a+)+$"}}, at_least: 1}}}
  adult: {when: {trait: {name: age, at_least: 18}}}
  buyers: {when: {spend: {at_least: 1}}}
traits:
  taste: {most_frequent: {of: A, property: x, within: 30d}}
  total: {sum: {of: A, property: x}}
loyalty:
  club:
    earn: [{on: Order Completed, points: 100000, per: 0.01}]
    tiers: {metric: points_earned, levels: [{name: a, from: 0}]}
"""


class Visit:
    """One shopper, whose record is stored and read back after each call."""

    def __init__(self) -> None:
        plan = parse(TOPOLOGY, {}).plan()
        self._intake, self._engine, self._codec = Intake(plan), Engine(plan), RecordCodec()
        self.record = self._codec.encode(Shopper())
        self._calls = 0

    def send(self, body: dict[str, Any] | bytes) -> set[str]:
        """What was counted, or the reason of the refusal."""
        self._calls += 1
        if isinstance(body, dict):
            body = msgspec.json.encode({"userId": "ann", "messageId": f"m{self._calls}", **body})
        began = time.process_time()
        (taken,) = self._intake.accept(body, NOW + self._calls)
        if isinstance(taken, Refusal):
            return {taken.reason}
        shopper = self._codec.decode(self.record)
        outcome = self._engine.decide(shopper, taken, taken.received)
        self.record = self._codec.encode(shopper)
        assert outcome.refusal is None
        assert time.process_time() - began < SOON
        return set(outcome.remarks)

    def track(self, event: str = "A", **properties: Any) -> set[str]:
        return self.send({"type": "track", "event": event, "properties": properties})

    def identify(self, **traits: Any) -> set[str]:
        return self.send({"type": "identify", "traits": traits})

    def goes_on(self) -> bool:
        """Whether a plain event is counted as nothing and still decides."""
        return self.track(x=7, y="aaa") - {"type_changed"} == set() and b"buyers" not in self.record


@pytest.fixture
def visit() -> Visit:
    visit = Visit()
    assert visit.track(x=5) == set()
    return visit


MISTYPED = {"filter_mistyped", "value_mistyped", "trait_value_mistyped"}


@pytest.mark.parametrize(
    ("value", "counted"),
    [
        pytest.param("many", {*MISTYPED, "type_changed"}, id="a text"),
        pytest.param("NaN", {*MISTYPED, "type_changed"}, id="a text that calls itself no number"),
        pytest.param(True, {*MISTYPED, "type_changed"}, id="a boolean"),
        pytest.param({"amount": 5}, {*MISTYPED, "type_changed"}, id="an object"),
        pytest.param([], {"type_changed"}, id="nothing in an array"),
        pytest.param(None, set(), id="null"),
        pytest.param("12.50", set(), id="a decimal as text"),
        pytest.param(1e308, MISTYPED, id="a number beyond any shop"),
        pytest.param(10**60, MISTYPED, id="a number beyond 64 bits"),
        pytest.param(["many", 5], {"value_mistyped", "trait_value_mistyped", "type_changed"}, id="an array of both"),
    ],
)
def test_a_value_that_is_no_number_is_counted(visit: Visit, value: Any, counted: set[str]) -> None:
    # when a property that sums, filters and sequences take for a number is none
    told = visit.track(x=value)
    # then that is counted, and the next event goes on
    assert told == counted
    assert visit.goes_on()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5_000])
def test_a_number_that_json_or_a_record_cannot_hold_is_a_dead_letter(visit: Visit, number: str) -> None:
    body = '{"type": "track", "userId": "ann", "event": "A", "properties": {"x": NUMBER}}'
    assert visit.send(body.replace("NUMBER", number).encode()) == {"undecodable"}
    assert visit.goes_on()


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"x":', "}")])
def test_a_thousand_levels_are_a_dead_letter(visit: Visit, opening: str, closing: str) -> None:
    body = '{"type": "track", "userId": "ann", "event": "A", "properties": {"x": %s1%s}}'
    assert visit.send((body % (opening * 1_000, closing * 1_000)).encode()) == {"too_deep"}
    assert visit.goes_on()


def test_an_array_of_a_hundred_thousand_is_taken_up_to_its_bound(visit: Visit) -> None:
    # given a window that is full
    for start in range(0, 11_000, 200):
        visit.track(x=list(range(start, start + 200)))
    # when the longest array that fits a call comes, and comes late
    numbers = [number % 10 for number in range(100_000)]
    assert visit.track(x=numbers) >= {"values_truncated", "value_too_large"}
    yesterday = {"timestamp": "2026-01-02T10:00:00Z", "sentAt": "2026-01-03T10:00:00Z"}
    assert "values_truncated" in visit.send({"type": "track", "event": "A", "properties": {"x": numbers}, **yesterday})
    # then it was taken in part, and is counted
    assert visit.track(x=7) <= {"type_changed", "window_truncated", "sequence_truncated", "trait_truncated"}
    assert len(visit.record) < 1_000_000


def test_a_trait_of_another_type_or_no_number_is_counted(visit: Visit) -> None:
    assert visit.identify(age=20, name="Ann") == set()
    assert visit.identify(age="21") == set()
    assert visit.identify(age="grown up") == {"type_changed", "value_mistyped"}
    assert visit.identify(age=None) == set()
    assert visit.identify(name={"first": "Ann"}) == {"type_changed"}
    assert visit.goes_on()


def test_a_trait_that_is_too_large_is_counted_and_the_known_one_stays(visit: Visit) -> None:
    visit.identify(name="Ann")
    assert visit.identify(name="x" * 100_000, tags=["x" * 10] * 10_000, **{"n" * 300: 1}) == {"value_too_large"}
    shopper = RecordCodec().decode(visit.record)
    assert {name: one.value for name, one in shopper.traits.items()} == {"name": "Ann"}


def test_an_amount_beyond_any_shop_is_bounded_and_counted(visit: Visit) -> None:
    # when orders come whose products are worth more than 64 bits hold
    products = [{"product_id": "p", "price": 1e11, "quantity": 10**11}] * 50
    for number in range(20):
        assert visit.track("Order Completed", order_id=f"o{number}", products=products) == {
            "amount_limit",
            "points_limit",
        }
    assert visit.track("Order Refunded", order_id="o0", products=products) == {"amount_limit"}
    # then the record still holds what they come to
    shopper = RecordCodec().decode(visit.record)
    assert shopper.standings["club"].earned > 0
    assert visit.track(x=7) == set()


def test_refunds_of_unknown_orders_and_endless_lines_are_bounded_and_counted(visit: Visit) -> None:
    lines = [{"product_id": f"p{number}", "price": 1, "quantity": 1} for number in range(2_001)]
    assert visit.track("Order Refunded", order_id="none", products=lines) == {"order_line_limit"}
    assert visit.track("Order Completed", order_id="o1", products=lines) == {"order_line_limit"}
    told = [visit.track("Order Refunded", order_id=f"n{number}", total=1) for number in range(100)]
    assert told == [set()] * 99 + [{"refund_unmatched"}]
    assert len(RecordCodec().decode(visit.record).parked) == 100


def test_a_pattern_over_a_long_text_takes_linear_time(visit: Visit) -> None:
    assert visit.track(x=5, y="a" * 500_000 + "!") == set()
