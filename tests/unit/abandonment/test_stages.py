"""When stages are sent, held and ended (readings.md, 31, 32, 34, 35, 50-52)."""

import pytest

from pipeline.domain.definition import CartNow
from pipeline.domain.value.instant import DAY, HOUR
from tests.support.visitor import START, Visitor, product, rule


def test_each_stage_is_sent_at_its_exact_due_counted_from_the_one_before() -> None:
    kim = Visitor(rule("cart"))
    kim.add(at=5)
    kim.pass_time(5 + 4 * HOUR - 1)
    assert kim.lines() == []
    kim.pass_time(30 * DAY)
    first = 5 + 4 * HOUR
    assert kim.lines() == [
        ("abandoned", 1, first),
        ("abandoned", 2, first + 24 * HOUR),
        ("abandoned", 3, first + 96 * HOUR),
    ]
    assert kim.shopper.instances == [], "closed when no order can recover it any more"
    assert kim.shopper.abandonment_due == 0


def test_a_trigger_has_every_field() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR, DAY)))
    kim.add("a", 10, quantity=2, name="Anorak", at=0, cart_id="c1")
    kim.add("b", 5, at=7, cart_id="c1")
    kim.pass_time(DAY)
    (decision,) = kim.decisions
    assert decision.topic == "abandonment-triggers"
    assert decision.type == "abandonment.abandoned"
    assert (decision.cause_kind, decision.message_id, decision.definition) == ("timer", None, "cart@1")
    assert decision.fields == {
        "kind": "cart",
        "subject": "c1",
        "instance": "cart-1",
        "change": "abandoned",
        "stage": 1,
        "of": 2,
        "abandoned_since": START + 7,
        "cart": {
            "items": [
                {
                    "product_id": "a",
                    "sku": None,
                    "name": "Anorak",
                    "quantity": 2,
                    "price": {"amount": 1000, "currency": "EUR"},
                },
                {
                    "product_id": "b",
                    "sku": None,
                    "name": None,
                    "quantity": 1,
                    "price": {"amount": 500, "currency": "EUR"},
                },
            ],
            "total": {"amount": 2500, "currency": "EUR"},
        },
        "reason": None,
        "retracts": [],
        "order_id": None,
    }


def test_kind_in_outputs_is_the_name_of_the_entry_and_names_count_apart() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,)), rule("cart", "big-cart", stages=(2 * HOUR,), minimum_value=5000))
    kim.add("a", 60)
    kim.pass_time(DAY)
    assert [one.fields["instance"] for one in kim.decisions] == ["big-cart-1", "cart-1"]


def test_own_activity_moves_the_first_stage() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,)))
    kim.add("a", at=0)
    kim.add("b", at=3 * HOUR)
    kim.remove("a", at=6 * HOUR)
    kim.cart(product("b", 11), at=9 * HOUR)
    kim.pass_time(DAY)
    assert kim.lines() == [("abandoned", 1, 13 * HOUR)]


@pytest.mark.parametrize("name", ["Cart Viewed", "Product Removed", "Product Viewed", "Coupon Entered"])
def test_what_edits_nothing_is_no_own_activity_of_a_cart(name: str) -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,)))
    kim.add("a", 10)
    kim.do(name, 2 * HOUR, products=[product("a", 10, 1)], product_id="z")
    kim.pass_time(DAY)
    assert kim.lines() == [("abandoned", 1, 4 * HOUR)]


def test_an_activity_exactly_at_the_due_instant_comes_after_the_stage() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,)))
    kim.add("a", at=0)
    kim.add("b", at=4 * HOUR)
    assert kim.lines() == [("abandoned", 1, 4 * HOUR)]


def test_with_any_activity_every_behaviour_moves_the_stage_but_arms_nothing() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,), resets_on="any_activity"))
    kim.do("page", 0, call="page")
    assert kim.shopper.abandonment_due == 0
    kim.add("a", at=1)
    kim.do("page", 2 * HOUR, call="page")
    kim.do("Coupon Entered", 3 * HOUR)
    kim.pass_time(DAY)
    assert kim.lines() == [("abandoned", 1, 7 * HOUR)]
    assert kim.decisions[0].fields["abandoned_since"] == START + 3 * HOUR


def test_hold_waits_between_stages_until_idle_for_the_first_delay() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR, 24 * HOUR, 72 * HOUR)))
    kim.add("a", at=0)
    kim.add("b", at=27 * HOUR)
    kim.pass_time(30 * DAY)
    assert kim.lines() == [
        ("abandoned", 1, 4 * HOUR),
        ("abandoned", 2, 31 * HOUR),
        ("abandoned", 3, 103 * HOUR),
    ]
    assert {one.fields["abandoned_since"] for one in kim.decisions} == {START}


def test_hold_leaves_the_planned_stage_if_activity_was_long_before_it() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR, 24 * HOUR)))
    kim.add("a", at=0)
    kim.add("b", at=10 * HOUR)
    kim.pass_time(DAY * 3)
    assert kim.lines() == [("abandoned", 1, 4 * HOUR), ("abandoned", 2, 28 * HOUR)]


def test_continue_ignores_activity_between_stages() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR, 24 * HOUR), on_activity="continue"))
    kim.add("a", at=0)
    kim.add("b", at=2 * HOUR)
    kim.add("c", at=29 * HOUR)
    kim.pass_time(DAY * 3)
    assert kim.lines() == [("abandoned", 1, 6 * HOUR), ("abandoned", 2, 30 * HOUR)]


def test_restart_begins_at_stage_1_of_a_new_instance_whatever_the_cool_down() -> None:
    kim = Visitor(rule("checkout", stages=(HOUR, 24 * HOUR), on_activity="restart"))
    kim.checkout(product("a", 10), at=0, checkout_id="k")
    kim.do("Checkout Step Viewed", 2 * HOUR, checkout_id="k")
    kim.pass_time(2 * DAY)
    assert [(one.fields["instance"], one.fields["stage"], one.effective_at - START) for one in kim.decisions] == [
        ("checkout-1", 1, HOUR),
        ("checkout-2", 1, 3 * HOUR),
        ("checkout-2", 2, 27 * HOUR),
    ]
    kim.order("o1", at=2 * DAY + 1, checkout_id="k")
    recovered = [(one.fields["instance"], one.fields["stage"]) for one in kim.decisions[3:]]
    assert recovered == [("checkout-1", 1), ("checkout-2", 2)], "the one before can still be recovered"


def test_a_timer_past_due_when_created_fires_at_once_at_the_received_time_of_its_record() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR, 24 * HOUR)))
    kim.add("a", at=0, received=10 * HOUR)
    (decision,) = kim.decisions
    assert decision.effective_at == START + 10 * HOUR
    assert (decision.cause_kind, decision.message_id) == ("timer", None)
    assert decision.fields["abandoned_since"] == START
    kim.pass_time(3 * DAY)
    assert kim.lines()[1:] == [("abandoned", 2, 34 * HOUR)]


def test_what_is_later_than_the_limit_of_triggers_arms_nothing() -> None:
    on_time, late = Visitor(rule("cart")), Visitor(rule("cart"))
    on_time.add("a", at=0, received=48 * HOUR)
    late.add("a", at=0, received=48 * HOUR + 1)
    assert len(on_time.decisions) == 1
    assert late.decisions == []
    assert late.contents() == {"a": 1}


def test_expiry_ends_it_silently_and_leaves_the_lines() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR, 24 * HOUR), expires=10 * HOUR))
    kim.add("a", at=0)
    kim.pass_time(10 * HOUR)
    assert kim.lines() == [("abandoned", 1, 4 * HOUR)]
    assert kim.shopper.instances == []
    assert kim.contents() == {"a": 1}
    kim.order(at=11 * HOUR)
    assert len(kim.decisions) == 1, "expired is closed: no recovery"


def test_a_stage_at_the_instant_of_expiry_goes_first() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR, 4 * HOUR, 4 * HOUR), expires=8 * HOUR))
    kim.add("a", at=0)
    kim.pass_time(DAY)
    assert kim.lines() == [("abandoned", 1, 4 * HOUR), ("abandoned", 2, 8 * HOUR)]
    assert kim.shopper.instances == []


def test_expiry_counts_from_the_last_own_activity() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR, 24 * HOUR), expires=20 * HOUR, on_activity="continue"))
    kim.add("a", at=0)
    kim.add("b", at=9 * HOUR)
    kim.pass_time(2 * DAY)
    assert kim.lines() == [("abandoned", 1, 4 * HOUR), ("abandoned", 2, 28 * HOUR)]


def test_emptying_a_cart_closes_what_is_about_it() -> None:
    kim = Visitor(rule("cart"))
    kim.add("a", at=0)
    kim.pass_time(5 * HOUR)
    kim.remove("a", at=6 * HOUR)
    kim.order(at=7 * HOUR)
    kim.pass_time(30 * DAY)
    assert kim.lines() == [("abandoned", 1, 4 * HOUR)], "cleared is closed: no stage, no recovery"


def test_a_cart_below_the_minimum_arms_and_is_looked_at_when_the_stage_is_due() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,), minimum_value=2000))
    kim.add("a", 10, at=0, cart_id="poor")
    kim.add("b", 10, at=0, cart_id="rich")
    kim.add("b", 10, at=1 * HOUR, cart_id="rich")
    kim.pass_time(DAY)
    assert kim.told() == [("cart", "rich", "abandoned", 1)]


def test_a_guard_that_forbids_ends_it_silently_and_later_activity_arms_anew() -> None:
    allowed = {"when": False}
    kim = Visitor(
        rule("cart", stages=(4 * HOUR,), when=CartNow()), guard=lambda condition: lambda shopper, now: allowed["when"]
    )
    kim.add("a", at=0)
    kim.pass_time(5 * HOUR)
    assert kim.decisions == []
    assert kim.shopper.instances == []
    allowed["when"] = True
    kim.add("a", at=6 * HOUR)
    kim.pass_time(DAY)
    assert kim.lines() == [("abandoned", 1, 10 * HOUR)]
    assert kim.decisions[0].fields["instance"] == "cart-2"


def test_unless_forbids_while_it_holds_and_sees_the_due_instant() -> None:
    asked: list[int] = []

    def unless(shopper: object, now: int) -> bool:
        asked.append(now - START)
        return now - START > 10 * HOUR

    kim = Visitor(rule("cart", stages=(4 * HOUR, 24 * HOUR), unless=CartNow()), guard=lambda condition: unless)
    kim.add("a", at=0)
    kim.pass_time(3 * DAY)
    assert asked == [4 * HOUR, 28 * HOUR]
    assert kim.lines() == [("abandoned", 1, 4 * HOUR)]
    kim.order(at=3 * DAY + 1)
    assert len(kim.decisions) == 1, "ended by a guard is closed: no recovery"


def test_a_recent_purchase_forbids_until_exactly_after_purchase() -> None:
    early, exact = (Visitor(rule("cart", stages=(4 * HOUR,), after_purchase=3 * DAY)) for _ in range(2))
    for kim, due in ((early, 3 * DAY - 1), (exact, 3 * DAY)):
        kim.order("o1", at=0)
        kim.add("a", at=due - 4 * HOUR)
        kim.pass_time(10 * DAY)
    assert early.decisions == []
    assert exact.lines() == [("abandoned", 1, 3 * DAY)]


def test_a_cancelled_order_is_no_purchase_to_a_guard() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,)))
    kim.order("o1", at=0)
    kim.do("Order Cancelled", 1, order_id="o1")
    kim.add("a", at=HOUR)
    kim.pass_time(DAY)
    assert kim.lines() == [("abandoned", 1, 5 * HOUR)]


def test_ids_are_the_same_for_the_same_cause_and_differ_otherwise() -> None:
    ids = []
    for _ in range(2):
        kim = Visitor(rule("cart"), rule("browse"))
        kim.view("z", at=0)
        kim.pass_time(2 * HOUR)
        kim.add("a", at=3 * HOUR)
        kim.pass_time(30 * DAY)
        ids.append([one.id for one in kim.decisions])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0]) == 4


def test_timers_of_several_instances_at_one_instant_all_fire() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,)))
    kim.add("a", at=0, cart_id="c1")
    kim.add("a", at=0, cart_id="c2")
    kim.pass_time(4 * HOUR)
    assert sorted(kim.told()) == [("cart", "c1", "abandoned", 1), ("cart", "c2", "abandoned", 1)]
