"""Snowplow's e-commerce actions and entities as the standard events (wire-format.md, 5)."""

from dataclasses import dataclass
from typing import Any

from pipeline.collector.wire.request import Call, present

ACTION = "snowplow_ecommerce_action"

_NAMES = {
    "product_view": "Product Viewed",
    "list_view": "Product List Viewed",
    "list_click": "Product Clicked",
    "add_to_cart": "Product Added",
    "remove_from_cart": "Product Removed",
    "promo_view": "Promotion Viewed",
    "promo_click": "Promotion Clicked",
    "transaction": "Order Completed",
    "refund": "Order Refunded",
    "trns_error": "Transaction Failed",
    "transaction_error": "Transaction Failed",
}
# Events of exactly one product: an action with several becomes several.
_OF_ONE = frozenset({"Product Viewed", "Product Clicked", "Product Added", "Product Removed"})


@dataclass(frozen=True, slots=True)
class Entities:
    """What stands in the context of an event: (name of the schema, data)."""

    found: list[tuple[str, dict[str, Any]]]

    def all(self, name: str) -> list[dict[str, Any]]:
        return [data for schema, data in self.found if schema == name]

    def first(self, name: str) -> dict[str, Any]:
        return next((data for schema, data in self.found if schema == name), {})


def calls(action: dict[str, Any], entities: Entities, event: dict[str, Any]) -> list[Call]:
    """Fields to lay over what all events have: type, event, properties; messageId too where one event becomes many."""
    kind = action.get("type")
    name = _checkout(entities) if kind == "checkout_step" else _NAMES.get(str(kind), str(kind or ACTION))
    products = [_product(each) for each in entities.all("product")]
    shared = {**_of_action(action), **_of_cart(entities), **_of_order(name, entities)}
    for promotion in entities.all("promotion")[:1]:
        shared |= _renamed(promotion, "promotion_id")
    if name not in _OF_ONE:
        return [_track(name, {**shared, **({"products": products} if products else {})})]
    if not products:
        return [_track(name, shared)]
    first, *others = [_track(name, {**shared, **product}) for product in products]
    for number, call in enumerate(others, start=1):
        if isinstance(event.get("eid"), str):
            call["messageId"] = f"{event['eid']}:{number}"
    return [first, *others]


def _track(name: str, properties: dict[str, Any]) -> Call:
    return {"type": "track", "event": name, "properties": properties}


def _checkout(entities: Entities) -> str:
    """The first step is the start of a checkout; a later one that names how to pay is payment information."""
    step = entities.first("checkout_step")
    if step.get("step") in (None, 1, "1"):
        return "Checkout Started"
    return "Payment Info Entered" if step.get("payment_method") else "Checkout Step Viewed"


def _product(entity: dict[str, Any]) -> dict[str, Any]:
    return _renamed(entity, "product_id")


def _renamed(entity: dict[str, Any], name: str) -> dict[str, Any]:
    """The entity with its id under another name."""
    return {name if key == "id" else key: value for key, value in entity.items() if value is not None}


def _of_action(action: dict[str, Any]) -> dict[str, Any]:
    return present(list_id=action.get("name"))


def _of_cart(entities: Entities) -> dict[str, Any]:
    cart = entities.first("cart")
    return present(cart_id=cart.get("cart_id"), currency=cart.get("currency"))


def _of_order(name: str, entities: Entities) -> dict[str, Any]:
    if name == "Order Completed":
        order = entities.first("transaction")
        renamed = present(
            order_id=order.get("transaction_id"),
            total=order.get("revenue"),
            coupon=order.get("discount_code"),
            discount=order.get("discount_amount"),
        )
        taken = ("transaction_id", "discount_code", "discount_amount")
        return {**renamed, **{key: value for key, value in order.items() if key not in taken and value is not None}}
    if name == "Order Refunded":
        refund = entities.first("refund")
        return present(
            order_id=refund.get("transaction_id"),
            total=refund.get("refund_amount"),
            currency=refund.get("currency"),
            reason=refund.get("refund_reason"),
        )
    step = entities.first("checkout_step")
    return {key: value for key, value in step.items() if value is not None}
