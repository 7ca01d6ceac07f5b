"""Payloads: what waits is told as it was said, however it is kept."""

from typing import Any

import msgspec
import pytest

from pipeline.domain.messaging.payload import ABANDONMENT, PAYLOAD_BYTES, SOURCES, TIER, kept, payload_of

EUR = "EUR"
BARE = {"product_id": None, "sku": None, "name": None, "quantity": 1, "price": None}
PRICED = {"product_id": "p1", "sku": "s-1", "name": "Schürze", "quantity": 3, "price": {"amount": 0, "currency": EUR}}
CARTS: dict[str, Any] = {
    "nothing": {"items": [], "total": {"amount": 0, "currency": EUR}},
    "bare": {"items": [BARE], "total": {"amount": 0, "currency": EUR}},
    "linked": {
        "items": [{**PRICED, "url": "/p1"}, {**PRICED, "image_url": "/p1.png"}, PRICED],
        "total": {"amount": 0, "currency": EUR},
    },
    "told in full": {
        "items": [{**PRICED, "url": "/p1", "image_url": "/p1.png"}],
        "total": {"amount": 5, "currency": EUR},
        "local_total": {"amount": 6, "currency": "USD"},
        "gap_to_free_shipping": {"amount": 0, "currency": EUR},
        "url": "/cart",
    },
    "without a gap": {"items": [PRICED], "total": {"amount": 5, "currency": EUR}, "url": "/cart"},
}


def trigger(cart: dict[str, Any] | None) -> dict[str, Any]:
    stage = {"kind": "cart", "subject": "c-1", "instance": "cart-1", "stage": 1, "of": 3}
    return {**stage, "abandoned_since": 1_767_571_200_000, "reason": None, "cart": cart}


def told(payload: bytes) -> Any:
    parts = payload_of(payload)
    assert list(parts) == list(SOURCES)
    (part,) = [one for one in parts.values() if one is not None]
    return part


@pytest.mark.parametrize("cart", CARTS)
def test_a_trigger_is_told_as_it_was_said_but_for_what_it_says_of_orders(cart: str) -> None:
    said = trigger(CARTS[cart])
    payload = kept(ABANDONMENT, {**said, "change": "abandoned", "retracts": [], "order_id": None}, [], reference=False)
    assert told(payload) == said
    assert b"abandoned_since" not in payload


def test_what_earlier_versions_kept_is_told_as_well() -> None:
    said = trigger(CARTS["told in full"])
    assert told(msgspec.msgpack.encode({ABANDONMENT: said})) == said


def test_other_parts_are_told_as_they_were_said() -> None:
    said = {"programme": "club", "from": None, "to": "gold", "value": {"amount": 5, "currency": EUR}}
    assert told(kept(TIER, said, [], reference=True)) == said


def test_a_reference_keeps_no_cart() -> None:
    payload = kept(ABANDONMENT, trigger(CARTS["told in full"]), [], reference=True)
    assert told(payload) == trigger(None)
    assert b"p1" not in payload


@pytest.mark.parametrize(("items", "left"), [(30, "all"), (60, "no links"), (2_000, "no cart")])
def test_of_what_is_too_large_the_links_go_first(items: int, left: str) -> None:
    link = "https://shop.example/" + "x" * 400
    cart = {**CARTS["without a gap"], "items": [{**PRICED, "url": link, "image_url": link}] * items}
    remarks: list[str] = []
    payload = kept(ABANDONMENT, trigger(cart), remarks, reference=False)
    expected = {"all": cart, "no links": {**cart, "items": [PRICED] * items}, "no cart": None}[left]
    assert told(payload) == trigger(expected)
    assert len(payload) <= PAYLOAD_BYTES
    assert remarks == ([] if left == "all" else ["payload_too_large"])
