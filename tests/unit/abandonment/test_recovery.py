"""What orders make of open instances (readings.md, 36, 37, 51; semantics.md, part 9: 24, 25, 38)."""

from typing import Any

import pytest

from pipeline.domain.value.instant import DAY, HOUR
from tests.support.visitor import START, Visitor, product, rule


def after_two_stages(**more: Any) -> Visitor:
    """Stages at 4 h and 28 h, a third at 100 h to come."""
    kim = Visitor(rule("cart", **more))
    kim.add("a", 10, quantity=2, at=0)
    kim.pass_time(30 * HOUR)
    assert kim.lines() == [("abandoned", 1, 4 * HOUR), ("abandoned", 2, 28 * HOUR)]
    return kim


def test_an_order_before_the_first_stage_closes_it_silently() -> None:
    kim = Visitor(rule("cart"))
    kim.add("a", at=0)
    kim.order("o1", product("a", 10, 1), at=HOUR)
    kim.pass_time(30 * DAY)
    assert kim.decisions == []


def test_an_order_after_a_stage_recovers_it_and_no_stage_follows() -> None:
    kim = after_two_stages()
    kim.order("o1", product("a", 10, 1), at=31 * HOUR)
    kim.pass_time(30 * DAY)
    recovered = kim.decisions[2]
    assert len(kim.decisions) == 3
    assert recovered.type == "abandonment.recovered"
    assert (recovered.cause_kind, recovered.message_id) == ("event", "m-2")
    assert recovered.effective_at == START + 31 * HOUR
    assert recovered.fields["stage"] == 2
    assert recovered.fields["of"] == 3
    assert recovered.fields["order_id"] == "o1"
    assert recovered.fields["abandoned_since"] == START
    assert recovered.fields["cart"]["items"][0]["quantity"] == 2, "as it was before the order took its lines"
    assert kim.contents() == {"a": 1}, "what was not bought stays, but is not armed"


def test_an_exhausted_instance_is_recovered_up_to_and_at_the_end_of_its_window() -> None:
    for at, recoveries in ((100 * HOUR + 5 * DAY, 1), (100 * HOUR + 5 * DAY + 1, 0)):
        kim = Visitor(rule("cart"))
        kim.add("a", at=0)
        kim.order("o1", at=at)
        assert [one[0] for one in kim.lines()].count("recovered") == recoveries, at


def test_an_order_counts_by_its_event_time_whenever_it_is_received_within_the_limit() -> None:
    end = 100 * HOUR + 5 * DAY
    for received, recoveries in ((end + 48 * HOUR, 1), (end + 48 * HOUR + 1, 0)):
        kim = Visitor(rule("cart"))
        kim.add("a", at=0)
        kim.order("o1", at=end, received=received)
        assert [one[0] for one in kim.lines()].count("recovered") == recoveries, received


def test_attribution_counts_from_the_last_stage_of_a_waiting_instance_too() -> None:
    kim = after_two_stages(recovered_within=HOUR)
    kim.order("o1", at=40 * HOUR)
    kim.pass_time(30 * DAY)
    assert len(kim.decisions) == 2, "closed silently: too late to be recovered, and no stage follows an order"


def test_any_order_recovers_every_open_instance_one_line_each() -> None:
    kim = Visitor(rule("cart", stages=(HOUR,)), rule("browse"))
    kim.view("z", at=0)
    kim.pass_time(2 * HOUR)
    kim.add("a", at=2 * HOUR, cart_id="c1")
    kim.add("b", at=2 * HOUR, cart_id="c2")
    kim.pass_time(4 * HOUR)
    kim.order("o1", product("z", 10, 1), at=5 * HOUR, cart_id="c2")
    told = [(one.fields["subject"], one.fields["change"], one.fields["reason"]) for one in kim.decisions[3:]]
    assert told == [
        ("z", "recovered", "products"),
        ("c1", "recovered", "any_order"),
        ("c2", "recovered", "cart_id"),
    ]
    assert kim.shopper.instances == []


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"checkout_id": "k", "cart_id": "c1"}, "checkout_id"),
        ({"cart_id": "c1"}, "cart_id"),
        ({"products": [product("a")]}, "products"),
        ({}, "any_order"),
    ],
)
def test_the_reason_of_a_recovery_is_what_ties_the_order_to_it_best(properties: dict[str, Any], reason: str) -> None:
    kim = Visitor(rule("checkout"))
    kim.checkout(product("a", 10), at=0, checkout_id="k", cart_id="c1")
    kim.pass_time(2 * HOUR)
    kim.do("Order Completed", 3 * HOUR, order_id="o1", **properties)
    assert kim.decisions[1].fields["reason"] == reason


def test_a_checkout_known_by_its_order_id_is_tied_by_it() -> None:
    kim = Visitor(rule("checkout"))
    kim.checkout(product("a", 10), at=0, order_id="o1")
    kim.pass_time(2 * HOUR)
    kim.order("o1", at=3 * HOUR)
    assert kim.decisions[1].fields["reason"] == "order_id"


def test_a_late_order_takes_back_the_stages_it_precedes_in_one_line() -> None:
    kim = after_two_stages()
    kim.order("o1", product("a", 10, 2), at=3 * HOUR, received=31 * HOUR)
    kim.pass_time(30 * DAY)
    assert len(kim.decisions) == 3
    retracted = kim.decisions[2]
    assert retracted.type == "abandonment.retracted"
    assert retracted.effective_at == START + 31 * HOUR
    assert retracted.fields["retracts"] == [one.id for one in kim.decisions[:2]]
    assert retracted.fields["stage"] == 2
    assert retracted.fields["reason"] == "late_order"
    assert retracted.fields["order_id"] == "o1"
    assert retracted.fields["cart"]["items"][0]["quantity"] == 2


def test_a_stage_before_the_late_order_is_then_recovered() -> None:
    kim = after_two_stages()
    kim.order("o1", at=5 * HOUR, received=31 * HOUR)
    assert kim.lines()[2:] == [("retracted", 2, 31 * HOUR), ("recovered", 1, 31 * HOUR)]
    assert kim.decisions[2].fields["retracts"] == [kim.decisions[1].id]
    assert kim.decisions[3].fields["retracts"] == []


@pytest.mark.parametrize(
    ("at", "changes"),
    [(4 * HOUR - 1, ["retracted"]), (4 * HOUR, ["retracted"]), (4 * HOUR + 1, ["recovered"])],
)
def test_at_equal_time_the_timer_fired_first_and_is_taken_back(at: int, changes: list[str]) -> None:
    kim = Visitor(rule("cart"))
    kim.add("a", at=0)
    kim.pass_time(5 * HOUR)
    kim.order("o1", at=at, received=6 * HOUR)
    assert [one[0] for one in kim.lines()[1:]] == changes


def test_an_order_older_than_all_activity_takes_back_too() -> None:
    kim = Visitor(rule("cart"))
    kim.add("a", at=10 * HOUR)
    kim.pass_time(15 * HOUR)
    kim.order("o1", at=9 * HOUR, received=16 * HOUR)
    assert [one[0] for one in kim.lines()] == ["abandoned", "retracted"]


def test_an_order_later_than_the_limit_takes_lines_and_nothing_else() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR, 72 * HOUR), after_purchase=0))
    kim.add("a", 10, quantity=2, at=60 * HOUR)
    kim.order("o1", product("a", 10, 1), at=20 * HOUR, received=68 * HOUR + 1)
    assert kim.contents() == {"a": 1}
    kim.pass_time(10 * DAY)
    assert [one[0] for one in kim.lines()] == ["abandoned", "abandoned"]


def test_a_cart_that_such_an_order_emptied_is_not_told_of() -> None:
    kim = Visitor(rule("cart", after_purchase=0, minimum_value=0))
    kim.add("a", 10, at=60 * HOUR)
    kim.order("o1", product("a", 10, 1), at=0, received=60 * HOUR + 1)
    kim.pass_time(30 * DAY)
    assert kim.decisions == []


def test_a_purchase_that_arrives_before_its_checkout_keeps_it_from_arming() -> None:
    kim = Visitor(rule("checkout", after_purchase=0), rule("cart", after_purchase=0))
    kim.order("o1", product("a", 10, 1), at=10)
    kim.checkout(product("a", 10, 1), at=9, received=20, checkout_id="k")
    kim.add("b", at=8, received=21)
    kim.pass_time(30 * DAY)
    assert kim.decisions == []


def test_the_same_order_from_client_and_server_recovers_once() -> None:
    kim = after_two_stages()
    kim.order("o1", at=31 * HOUR)
    kim.add("a", at=32 * HOUR)
    kim.order("o1", at=31 * HOUR, received=33 * HOUR)
    assert [one[0] for one in kim.lines()].count("recovered") == 1
    assert len(kim.shopper.instances) == 1, "what was armed since is not touched by the copy"


def test_an_order_that_was_cancelled_before_it_arrived_still_concludes() -> None:
    kim = after_two_stages()
    kim.do("Order Cancelled", 31 * HOUR, order_id="o1")
    kim.order("o1", at=30 * HOUR, received=32 * HOUR)
    assert kim.lines()[2:] == [("recovered", 2, 32 * HOUR)]


def test_a_superseded_instance_sends_no_more_but_can_be_recovered_or_retracted() -> None:
    for at, change in ((7 * HOUR, "recovered"), (3 * HOUR, "retracted")):
        kim = Visitor(rule("cart"), rule("checkout", stages=(100 * HOUR,)))
        kim.add("a", at=0)
        kim.pass_time(5 * HOUR)
        kim.checkout(product("a", 10, 1), at=5 * HOUR, checkout_id="k")
        kim.pass_time(40 * HOUR)
        kim.order("o1", at=at, received=40 * HOUR)
        assert kim.told() == [("cart", "default", "abandoned", 1), ("cart", "default", change, 1)]


def test_ids_of_stages_are_named_as_sent_even_if_the_rule_has_changed_since() -> None:
    kim = after_two_stages()
    changed = Visitor(rule("cart", identity="cart@2", stages=(4 * HOUR, DAY, DAY, DAY)))
    changed.shopper, changed.decisions = kim.shopper, kim.decisions
    changed.policy.adopt(changed.shopper)
    changed.order("o1", at=1 * HOUR, received=31 * HOUR)
    assert changed.decisions[2].fields["retracts"] == [one.id for one in kim.decisions[:2]]
    assert changed.decisions[2].definition == "cart@2"


def test_a_plan_without_the_rule_closes_its_instances_silently() -> None:
    kim = after_two_stages()
    other = Visitor(rule("browse"))
    other.shopper = kim.shopper
    other.policy.adopt(other.shopper)
    assert other.shopper.instances == []
    assert other.shopper.abandonment_due == 0
