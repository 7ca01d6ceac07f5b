"""Cool-down, supersession, checkouts and browsing (readings.md, 38, 39, 50; semantics.md, part 9: 35, 37, 39, 42)."""

import pytest

from pipeline.domain.abandonment.instance import OPEN
from pipeline.domain.value.instant import DAY, HOUR
from tests.support.visitor import MINUTE, START, Visitor, product, rule

CHECKOUT = rule("checkout", stages=(HOUR, DAY))
CART = rule("cart", stages=(4 * HOUR, DAY))
BROWSE = rule("browse")


def test_the_same_lines_do_not_arm_again_within_the_cool_down() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,)))
    kim.add("a", at=0)
    kim.pass_time(5 * HOUR)
    kim.remove("a", at=6 * HOUR)
    kim.add("a", at=7 * HOUR)
    kim.pass_time(3 * DAY)
    assert len(kim.decisions) == 1
    kim.add("a", at=4 * DAY)
    kim.pass_time(5 * DAY)
    assert len(kim.decisions) == 2, "two pieces are other contents"


def test_the_cool_down_is_over_exactly_so_long_after_the_last_stage() -> None:
    for at, stages in ((4 * HOUR + 7 * DAY - 1, 1), (4 * HOUR + 7 * DAY, 2)):
        kim = Visitor(rule("cart", stages=(4 * HOUR,), recovered_within=0))
        kim.add("a", at=0)
        kim.pass_time(5 * HOUR)
        kim.remove("a", at=6 * HOUR)
        kim.add("a", at=at)
        kim.pass_time(at + DAY)
        assert len(kim.decisions) == stages, at


def test_an_instance_that_sent_nothing_causes_no_cool_down() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,)))
    kim.add("a", at=0)
    kim.remove("a", at=HOUR)
    kim.add("a", at=2 * HOUR)
    kim.pass_time(DAY)
    assert kim.lines() == [("abandoned", 1, 6 * HOUR)]
    assert kim.decisions[0].fields["instance"] == "cart-2"


def test_a_checkout_supersedes_all_carts_and_browsing_when_it_arms() -> None:
    kim = Visitor(CART, CHECKOUT, BROWSE)
    kim.view("z", at=0)
    kim.add("a", at=1, cart_id="c1")
    kim.add("b", at=2, cart_id="c2")
    kim.checkout(product("a", 10, 1), at=HOUR, checkout_id="k", cart_id="c1")
    kim.pass_time(3 * HOUR)
    assert kim.told() == [("checkout", "k", "abandoned", 1)]
    assert [one.kind for one in kim.shopper.instances] == ["checkout"]


@pytest.mark.parametrize("name", ["Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered"])
def test_steps_and_payment_arm_without_a_start_about_the_open_cart(name: str) -> None:
    kim = Visitor(CART, CHECKOUT)
    kim.add("a", 10, at=0, cart_id="c1")
    kim.do(name, HOUR, checkout_id="k", step=2)
    kim.pass_time(2 * HOUR)
    assert kim.told() == [("checkout", "k", "abandoned", 1)]
    assert kim.decisions[0].fields["cart"]["total"]["amount"] == 1000


def test_the_subject_of_a_checkout_is_its_id_else_its_order_else_default() -> None:
    for properties, subject in (
        ({"checkout_id": "k", "order_id": "o"}, "k"),
        ({"order_id": "o"}, "o"),
        ({}, "default"),
    ):
        kim = Visitor(CHECKOUT)
        kim.checkout(product("a", 10, 1), at=0, **properties)
        kim.pass_time(2 * HOUR)
        assert kim.told() == [("checkout", subject, "abandoned", 1)]


def test_steps_payment_and_cart_edits_are_own_activity_of_a_checkout() -> None:
    kim = Visitor(CART, CHECKOUT)
    kim.checkout(product("a", 10, 1), at=0, checkout_id="k")
    kim.do("Checkout Step Completed", 30 * MINUTE, checkout_id="k", step=1)
    kim.do("Payment Info Entered", 60 * MINUTE, checkout_id="k", order_id="o1")
    kim.add("b", at=90 * MINUTE)
    kim.do("Checkout Step Viewed", 120 * MINUTE, step=3)
    kim.pass_time(4 * HOUR)
    assert kim.told() == [("checkout", "k", "abandoned", 1)]
    assert kim.lines() == [("abandoned", 1, 180 * MINUTE)]


def test_a_newer_checkout_supersedes_the_older_one() -> None:
    kim = Visitor(CHECKOUT)
    kim.checkout(product("a", 10, 1), at=0, checkout_id="k1")
    kim.checkout(product("a", 10, 1), at=HOUR // 2, checkout_id="k2")
    kim.pass_time(2 * HOUR)
    assert kim.told() == [("checkout", "k2", "abandoned", 1)]


def test_an_older_checkout_that_arrives_late_does_not_supersede_the_newer_one() -> None:
    kim = Visitor(CHECKOUT)
    kim.checkout(product("a", 10, 1), at=10, checkout_id="k2")
    kim.checkout(product("a", 10, 1), at=5, received=20, checkout_id="k1")
    kim.pass_time(2 * HOUR)
    assert kim.told() == [("checkout", "k2", "abandoned", 1)]


def test_a_late_step_does_not_make_the_checkout_it_belongs_to_older_than_another() -> None:
    kim = Visitor(CHECKOUT)
    kim.checkout(product("a", 10, 1), at=10, checkout_id="k1")
    kim.checkout(product("a", 10, 1), at=3, received=20, checkout_id="k1")
    kim.checkout(product("a", 10, 1), at=5, received=30, checkout_id="k2")
    kim.pass_time(2 * HOUR)
    assert kim.told() == [("checkout", "k1", "abandoned", 1)]


def test_an_edit_does_not_make_a_checkout_newer_than_one_that_was_stepped_through_since() -> None:
    kim = Visitor(CHECKOUT)
    kim.checkout(product("a", 10, 1), at=0, checkout_id="k1")
    kim.add("b", at=20)
    kim.checkout(product("a", 10, 1), at=10, received=30, checkout_id="k2")
    kim.pass_time(2 * HOUR)
    assert kim.told() == [("checkout", "k2", "abandoned", 1)]


def test_a_live_or_exhausted_checkout_keeps_edits_from_arming_a_cart_until_it_closes() -> None:
    closes = HOUR + 5 * DAY
    kim = Visitor(rule("cart", stages=(4 * HOUR,)), rule("checkout", stages=(HOUR,)))
    kim.checkout(product("a", 10, 1), at=0, checkout_id="k")
    kim.add("b", at=2 * HOUR)
    kim.add("c", at=closes - 1)
    kim.pass_time(closes - 1 + DAY // 2)
    assert kim.told() == [("checkout", "k", "abandoned", 1)]
    kim.add("d", at=closes + DAY)
    kim.pass_time(closes + 2 * DAY)
    assert kim.told()[1:] == [("cart", "default", "abandoned", 1)]


def test_after_an_order_edits_arm_a_cart_again() -> None:
    kim = Visitor(rule("cart", after_purchase=0), CHECKOUT)
    kim.checkout(product("a", 10, 1), at=0, checkout_id="k")
    kim.order("o1", product("a", 10, 1), at=MINUTE)
    kim.add("b", at=HOUR)
    assert [one.kind for one in kim.shopper.instances] == ["cart"]


def test_after_a_checkout_expired_edits_arm_a_cart_again() -> None:
    kim = Visitor(rule("cart"), rule("checkout", stages=(2 * HOUR,), expires=HOUR))
    kim.checkout(product("a", 10, 1), at=0, checkout_id="k")
    kim.add("b", at=3 * HOUR)
    assert [one.kind for one in kim.shopper.instances] == ["cart"]


def test_emptying_its_cart_clears_a_checkout() -> None:
    kim = Visitor(CHECKOUT)
    kim.checkout(product("a", 10, 1), at=0, checkout_id="k", cart_id="c1")
    kim.remove("a", at=MINUTE, cart_id="c1")
    assert kim.shopper.instances == []


def test_a_checkout_snapshot_is_no_edit_that_arms_a_cart() -> None:
    kim = Visitor(CART)
    kim.checkout(product("a", 10, 1), at=0, checkout_id="k")
    assert kim.shopper.instances == []
    assert kim.contents() == {"a": 1}


def test_a_view_arms_browsing_of_its_product_with_one_piece() -> None:
    kim = Visitor(BROWSE)
    kim.view("z", 10, at=0, quantity=7, name="Zip")
    kim.view("z", 12, at=10 * MINUTE)
    kim.view("y", 5, at=20 * MINUTE)
    kim.pass_time(DAY)
    assert kim.lines() == [("abandoned", 1, 70 * MINUTE), ("abandoned", 1, 80 * MINUTE)]
    assert kim.told()[0] == ("browse", "z", "abandoned", 1)
    assert kim.decisions[0].fields["cart"] == {
        "items": [
            {
                "product_id": "z",
                "sku": None,
                "name": None,
                "quantity": 1,
                "price": {"amount": 1200, "currency": "EUR"},
            }
        ],
        "total": {"amount": 1200, "currency": "EUR"},
    }


def test_a_view_without_an_id_is_of_the_subject_default() -> None:
    kim = Visitor(BROWSE)
    kim.view(None, 10, at=0)
    kim.pass_time(DAY)
    assert kim.told() == [("browse", "default", "abandoned", 1)]
    assert kim.decisions[0].fields["cart"]["items"][0]["product_id"] is None


def test_minimum_value_of_browsing_is_the_price_of_the_product() -> None:
    kim = Visitor(rule("browse", minimum_value=1000))
    kim.view("cheap", "9.99", at=0)
    kim.view("dear", "10.00", at=0)
    kim.pass_time(DAY)
    assert kim.told() == [("browse", "dear", "abandoned", 1)]


def test_browsing_by_visit_tells_of_the_product_viewed_last() -> None:
    kim = Visitor(rule("browse", subject="session"))
    kim.view("y", at=0)
    kim.view("z", at=10 * MINUTE)
    kim.pass_time(DAY)
    assert kim.told() == [("browse", "1", "abandoned", 1)]
    assert kim.lines() == [("abandoned", 1, 70 * MINUTE)]
    assert kim.decisions[0].fields["cart"]["items"][0]["product_id"] == "z"


def test_minimum_views_count_within_seven_days() -> None:
    for second, stages in ((7 * DAY - 1, 1), (7 * DAY, 0)):
        kim = Visitor(rule("browse", minimum_views=2))
        kim.view("z", at=0)
        kim.view("z", at=second)
        kim.pass_time(second + DAY)
        assert len(kim.decisions) == stages, second


def test_views_count_anew_after_an_instance_ended() -> None:
    kim = Visitor(rule("browse", minimum_views=2, cool_down=0))
    for at in (0, MINUTE, 2 * MINUTE):
        kim.view("z", at=at)
    kim.pass_time(2 * HOUR)
    kim.view("z", at=3 * HOUR)
    kim.pass_time(5 * HOUR)
    assert len(kim.decisions) == 1, "one view after the end is not two"
    kim.view("z", at=6 * HOUR)
    kim.pass_time(8 * HOUR)
    assert len(kim.decisions) == 2


def test_views_of_the_twenty_latest_products_are_remembered() -> None:
    kim = Visitor(rule("browse", minimum_views=2))
    for number in range(21):
        kim.view(f"p{number}", at=number)
    kim.view("p0", at=30)
    assert kim.shopper.instances == [], "its first view was forgotten"
    kim.view("p20", at=31)
    assert [one.subject for one in kim.shopper.instances] == ["p20"]


def test_a_cart_edit_supersedes_browsing_and_a_live_cart_keeps_it_from_arming() -> None:
    kim = Visitor(rule("cart", stages=(4 * HOUR,)), BROWSE)
    kim.view("z", at=0)
    kim.add("a", at=MINUTE)
    kim.view("y", at=2 * MINUTE)
    kim.pass_time(3 * HOUR)
    assert kim.decisions == []
    kim.pass_time(5 * HOUR)
    kim.view("y", at=6 * HOUR)
    kim.pass_time(8 * HOUR)
    assert kim.told() == [("cart", "default", "abandoned", 1), ("browse", "y", "abandoned", 1)], (
        "an exhausted cart is not live"
    )


def test_browsing_with_a_stage_is_still_recovered_after_a_cart_edit() -> None:
    kim = Visitor(rule("cart"), BROWSE)
    kim.view("z", at=0)
    kim.pass_time(2 * HOUR)
    kim.add("z", at=2 * HOUR)
    kim.order("o1", product("z", 10, 1), at=3 * HOUR)
    assert kim.told() == [("browse", "z", "abandoned", 1), ("browse", "z", "recovered", 1)]


def test_visits_to_the_order_after_a_purchase_trigger_nothing() -> None:
    kim = Visitor(CART, CHECKOUT, BROWSE)
    kim.add("a", at=0)
    kim.checkout(product("a", 10, 1), at=MINUTE, checkout_id="k")
    kim.order("o1", product("a", 10, 1), at=2 * MINUTE, checkout_id="k")
    kim.do("page", 10 * MINUTE, call="page")
    kim.view("a", at=11 * MINUTE)
    kim.pass_time(9 * DAY)
    assert kim.decisions == []


def test_a_bot_that_views_a_catalogue_leaves_the_record_bounded() -> None:
    kim = Visitor(BROWSE)
    for number in range(3 * OPEN):
        kim.view(f"p{number}", at=number)
    assert len(kim.shopper.instances) == OPEN
    assert kim.shopper.instances[0].subject == f"p{2 * OPEN}"
    assert kim.remarks.count("abandonment_limit") == 2 * OPEN
    assert kim.shopper.abandonment_due == START + 2 * OPEN + HOUR
