"""Carts folded from deltas, snapshots and orders (readings.md, 25, 28, 32, 33; semantics.md, 4 and 9: 26, 32-38)."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.commerce.cart import CARTS, LINES
from tests.support.visitor import Visitor, product


def test_deltas_add_to_and_take_from_their_line() -> None:
    kim = Visitor()
    kim.add("a", quantity=2, at=1)
    kim.add("b", at=2)
    kim.add("a", at=3)
    kim.remove("a", quantity=1, at=4)
    assert kim.contents() == {"a": 2, "b": 1}


def test_a_line_is_keyed_by_product_or_sku_and_variant_or_sku() -> None:
    kim = Visitor()
    kim.add("a", variant="red", at=1)
    kim.add("a", variant="blue", at=2)
    kim.add("a", sku="a-1", at=3)
    kim.add(None, sku="s", at=4)
    kim.add(None, sku="s", at=5)
    assert kim.contents() == {"a/red": 1, "a/blue": 1, "a/a-1": 1, "s/s": 2}


def test_a_product_without_any_id_is_remarked_and_left_out() -> None:
    kim = Visitor()
    kim.do("Product Added", 1, name="Mystery", price=3)
    assert kim.contents() == {}
    assert kim.remarks == ["product_without_id"]


def test_removing_below_zero_takes_the_line_and_no_more() -> None:
    kim = Visitor()
    kim.add("a", quantity=2, at=1)
    kim.remove("a", quantity=5, at=2)
    assert kim.contents() == {}
    kim.add("a", at=3)
    assert kim.contents() == {"a": 1}


def test_a_removal_without_quantity_takes_the_whole_line() -> None:
    kim = Visitor()
    kim.add("a", quantity=3, at=1)
    kim.remove("a", at=2)
    assert kim.contents() == {}


def test_a_removal_that_names_only_a_product_hits_its_only_line() -> None:
    kim = Visitor()
    kim.add("a", variant="red", at=1)
    kim.add("b", variant="x", at=2)
    kim.add("b", variant="y", at=3)
    kim.remove("a", at=4)
    kim.remove("b", at=5)
    assert kim.contents() == {"b/x": 1, "b/y": 1}, "of two variants none is meant"


@pytest.mark.parametrize(("quantity", "pieces"), [("3", 3), (" 2 ", 2), (2.0, 2), (None, 1)])
def test_quantities_may_be_strings(quantity: Any, pieces: int) -> None:
    kim = Visitor()
    kim.do("Product Added", 1, **product("a", "9.99", quantity))
    assert kim.contents() == {"a": pieces}
    assert kim.total() == 999 * pieces


def test_ids_may_be_numbers() -> None:
    kim = Visitor()
    kim.do("Product Added", 1, product_id=17, price=1)
    kim.do("Product Removed", 2, product_id="17")
    assert kim.contents() == {}


@pytest.mark.parametrize(("price", "total"), [(0, 0), (None, 0), (-5, 0), ("free", 0), (float("inf"), 0), (12.5, 1250)])
def test_prices_that_are_free_unknown_or_damaged_add_nothing(price: Any, total: int) -> None:
    kim = Visitor()
    kim.add("a", price, at=1)
    assert kim.contents() == {"a": 1}
    assert kim.total() == total


def test_adding_at_another_price_reprices_the_line() -> None:
    kim = Visitor()
    kim.add("a", 10, at=1)
    kim.add("a", 12, at=2)
    assert kim.total() == 2400


def test_a_late_delta_counts_but_its_older_price_does_not() -> None:
    kim = Visitor()
    kim.add("a", 12, at=5)
    kim.add("a", 10, at=3, received=9)
    assert kim.contents() == {"a": 2}
    assert kim.total() == 2400


def test_a_snapshot_replaces_the_lines() -> None:
    kim = Visitor()
    kim.add("a", at=1)
    kim.cart(product("b", 5, 2), product("c", 1, 0), product("b", 5, 1), at=2)
    assert kim.contents() == {"b": 3}
    assert kim.total() == 1500


def test_a_snapshot_older_than_the_last_edit_is_ignored() -> None:
    kim = Visitor()
    kim.add("a", at=5)
    kim.cart(product("b"), at=4, received=6)
    assert kim.contents() == {"a": 1}


def test_a_snapshot_at_the_time_of_a_delta_comes_after_it_in_either_order_of_arrival() -> None:
    delta_first, snapshot_first = Visitor(), Visitor()
    delta_first.add("a", at=5)
    delta_first.cart(product("b"), at=5)
    snapshot_first.cart(product("b"), at=5)
    snapshot_first.add("a", at=5)
    assert delta_first.contents() == snapshot_first.contents() == {"b": 1}


def test_deltas_older_than_the_last_snapshot_are_ignored() -> None:
    kim = Visitor()
    kim.cart(product("a", 1, 2), at=5)
    kim.add("b", at=4, received=6)
    kim.remove("a", at=3, received=7)
    assert kim.contents() == {"a": 2}


def test_a_snapshot_that_tells_no_price_keeps_the_one_known() -> None:
    kim = Visitor()
    kim.add("a", 10, name="Anorak", at=1)
    kim.cart(product("a", quantity=3), at=2)
    assert kim.total() == 3000
    assert kim.carts.render(kim.carts.open_cart(kim.shopper))["items"][0]["name"] == "Anorak"


def test_events_without_cart_id_share_the_default_cart() -> None:
    kim = Visitor()
    kim.add("a", at=1)
    kim.add("b", at=2, cart_id="c2")
    assert kim.contents() == {"a": 1}
    assert kim.contents("c2") == {"b": 1}


def test_checkout_started_with_products_is_a_snapshot_of_the_open_cart() -> None:
    kim = Visitor()
    kim.add("a", at=1, cart_id="c1")
    kim.checkout(product("a", 10, 3), at=2, order_id="o1")
    assert kim.contents("c1") == {"a": 3}
    assert kim.contents() == {}


def test_checkout_started_without_products_changes_no_cart() -> None:
    kim = Visitor()
    kim.add("a", at=1)
    kim.do("Checkout Started", 2, order_id="o1")
    assert kim.contents() == {"a": 1}


def test_an_order_takes_what_was_bought_from_the_cart_it_names() -> None:
    kim = Visitor()
    kim.add("a", quantity=3, at=1, cart_id="c1")
    kim.add("b", at=2, cart_id="c1")
    kim.add("a", at=3, cart_id="c2")
    kim.order("o1", product("a", 10, 2), product("b", 10, 1), at=4, cart_id="c1")
    assert kim.contents("c1") == {"a": 1}
    assert kim.contents("c2") == {"a": 1}


def test_an_order_without_cart_id_takes_from_all_carts() -> None:
    kim = Visitor()
    kim.add("a", quantity=3, at=1, cart_id="c1")
    kim.add("a", at=3, cart_id="c2")
    kim.order("o1", product("a", 10, 2), at=4)
    assert kim.contents("c1") == {"a": 1}
    assert kim.contents("c2") == {}


def test_a_repeated_order_takes_nothing_again() -> None:
    kim = Visitor()
    kim.add("a", at=1)
    kim.order("o1", product("a", 10, 1), at=2)
    kim.add("a", at=3)
    kim.order("o1", product("a", 10, 1), at=2, received=4)
    assert kim.contents() == {"a": 1}


def test_a_checkout_that_arrives_after_its_order_does_not_refill_the_cart() -> None:
    kim = Visitor()
    kim.order("o1", product("a", 10, 1), at=10)
    kim.checkout(product("a", 10, 1), at=9, received=11, order_id="o1")
    assert kim.contents() == {}


def test_the_open_cart_is_the_one_with_lines_edited_last() -> None:
    kim = Visitor()
    kim.add("a", at=1, cart_id="c1")
    kim.add("b", at=3, cart_id="c2")
    kim.add("c", at=2, received=4, cart_id="c1")
    cart = kim.carts.open_cart(kim.shopper)
    assert cart is not None and cart.cart_id == "c2"
    kim.remove("b", at=5, cart_id="c2")
    cart = kim.carts.open_cart(kim.shopper)
    assert cart is not None and cart.cart_id == "c1"
    assert kim.carts.pieces(cart) == 2


def test_lines_keep_their_own_currency_and_convert_half_up_each() -> None:
    kim = Visitor(currency="EUR", rates={"USD": 920_000})
    kim.add("a", 10, quantity=2, at=1)
    kim.add("b", "1.05", quantity=3, currency="USD", at=2)
    kim.add("c", 7, currency="XXX", at=3)
    assert kim.total() == 2000 + 290, "3.15 USD = 2.898 EUR; a currency without a rate is left out"
    assert kim.remarks == ["unknown_currency"]


def test_a_line_that_comes_again_in_another_currency_takes_it_over() -> None:
    kim = Visitor(currency="EUR", rates={"USD": 500_000})
    kim.add("a", 10, at=1)
    kim.add("a", 10, currency="USD", at=2)
    assert kim.total() == 1000


def test_rendering_names_what_is_not_known_null() -> None:
    kim = Visitor()
    kim.add("a", "2.50", quantity=2, sku="a-1", name="Anorak", at=1)
    kim.do("Product Added", 2, product_id="b")
    assert kim.carts.render(kim.carts.open_cart(kim.shopper)) == {
        "items": [
            {
                "product_id": "a",
                "sku": "a-1",
                "name": "Anorak",
                "quantity": 2,
                "price": {"amount": 250, "currency": "EUR"},
            },
            {"product_id": "b", "sku": None, "name": None, "quantity": 1, "price": None},
        ],
        "total": {"amount": 500, "currency": "EUR"},
    }
    assert kim.carts.render(None) == {"items": [], "total": {"amount": 0, "currency": "EUR"}}


def test_lines_are_described_to_conditions_in_shop_currency() -> None:
    kim = Visitor(currency="JPY", rates={})
    kim.add("a", 250, variant="red", at=1)
    cart = kim.carts.open_cart(kim.shopper)
    assert cart is not None
    assert kim.carts.describe(cart) == [{"product_id": "a", "quantity": 1, "variant": "red", "price": "250"}]


def test_a_cart_takes_no_more_lines_than_its_bound() -> None:
    kim = Visitor()
    for number in range(LINES + 1):
        kim.add(f"p{number}", at=number)
    assert len(kim.contents()) == LINES
    assert kim.remarks == ["cart_line_limit"]


def test_the_stalest_cart_goes_when_there_are_too_many_and_empty_ones_first() -> None:
    kim = Visitor()
    for number in range(CARTS):
        kim.add("a", at=number, cart_id=f"c{number}")
    kim.remove("a", at=20, cart_id="c5")
    kim.add("a", at=21, cart_id="new")
    assert [cart.cart_id for cart in kim.shopper.carts] == ["c0", "c1", "c2", "c3", "c4", "c6", "c7", "new"]
    assert kim.remarks == []
    kim.add("a", at=22, cart_id="newer")
    assert kim.shopper.carts[0].cart_id == "c1"
    assert kim.remarks == ["cart_limit"]


def test_texts_of_any_length_leave_the_record_small() -> None:
    kim = Visitor()
    kim.add("p" * 10_000, name="n" * 10_000, at=1)
    line = kim.shopper.carts[0].lines[0]
    assert len(line.product_id) == len(line.name) == 256


additions = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(1, 5), st.integers(0, 900)), min_size=1, max_size=6
)


@settings(max_examples=60, deadline=None)
@given(additions, st.integers(0, 2), st.randoms(use_true_random=False))
def test_the_order_of_arrival_of_deltas_does_not_matter(
    additions: list[tuple[str, int, int]], snapshot: int, random: Any
) -> None:
    """Removals take no more than what was there from the start, for what exceeds it depends on arrival by design."""
    deltas = [("add", *one, 10 + index) for index, one in enumerate(additions)]
    deltas += [("remove", product_id, 1, 0, 50) for product_id in sorted({one[0] for one in additions})]
    outcomes = []
    for shuffled in (deltas, random.sample(deltas, len(deltas))):
        kim = Visitor()
        kim.cart(*(product(one, 1, 9) for one in "abc"), at=9 + snapshot)
        for change, product_id, quantity, price, at in shuffled:
            if change == "add":
                kim.add(product_id, price / 100, quantity=quantity, at=at, received=100)
            else:
                kim.remove(product_id, quantity=quantity, at=at, received=100)
        outcomes.append((kim.contents(), kim.total()))
    assert outcomes[0] == outcomes[1]


def test_a_snapshot_and_the_deltas_after_it_may_arrive_in_any_order_after_the_snapshot() -> None:
    for arrival in permutations([("a", 3), ("b", 4), ("c", 1)]):
        kim = Visitor()
        kim.cart(product("a", 1, 1), at=2)
        for product_id, at in arrival:
            kim.add(product_id, 1, at=at, received=9)
        assert kim.contents() == {"a": 2, "b": 1}, arrival
