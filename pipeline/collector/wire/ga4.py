"""GA4's Measurement Protocol: e-commerce events with items (wire-format.md, 5)."""

from typing import Any

from pipeline.collector.wire.request import Call, Opened, Rejected, WireRequest, mapping, opened_object, present, text
from pipeline.domain.value.instant import format_instant

PATHS = ("/mp/collect",)

_NAMES = {
    "view_item": "Product Viewed",
    "view_item_list": "Product List Viewed",
    "select_item": "Product Clicked",
    "add_to_cart": "Product Added",
    "remove_from_cart": "Product Removed",
    "add_to_wishlist": "Product Added to Wishlist",
    "view_cart": "Cart Viewed",
    "begin_checkout": "Checkout Started",
    "add_shipping_info": "Checkout Step Completed",
    "add_payment_info": "Payment Info Entered",
    "purchase": "Order Completed",
    "refund": "Order Refunded",
    "view_promotion": "Promotion Viewed",
    "select_promotion": "Promotion Clicked",
    "search": "Products Searched",
}
_OF_ONE = frozenset(
    {"Product Viewed", "Product Clicked", "Product Added", "Product Removed", "Product Added to Wishlist"}
)
_ITEM = {
    "item_id": "product_id",
    "item_name": "name",
    "item_brand": "brand",
    "item_category": "category",
    "item_variant": "variant",
    "index": "position",
}
_FIELDS = {
    "transaction_id": "order_id",
    "item_list_id": "list_id",
    "search_term": "query",
    "page_location": "url",
    "page_referrer": "referrer",
    "page_title": "title",
    "session_id": "session_id",
}
# Google means `value` to be what the items come to; an order's `total` is what Segment calls it.
_VALUED = frozenset({"Order Completed", "Order Refunded"})


def opened(request: WireRequest) -> Opened:
    """The calls of a body; `api_secret` of the query is the write key. Raises Rejected."""
    body = opened_object(request.body)
    events = body.get("events")
    if type(events) is not list:
        raise Rejected(400, "no_events", "The body has no list `events`.")
    common = present(
        userId=body.get("user_id") or None, anonymousId=body.get("client_id") or body.get("app_instance_id")
    )
    calls: list[Call | bytes] = []
    traits = {
        name: mapping(given).get("value")
        for name, given in mapping(body.get("user_properties")).items()
        if mapping(given).get("value") is not None
    }
    if traits:
        calls.append({"type": "identify", **common, **_time(body), "traits": traits})
    for event in events:
        if type(event) is dict:
            calls.extend(named_calls(event, {**common, **(_time(event) or _time(body))}))
        else:
            calls.append(b"null")
    return Opened(request.query.get("api_secret"), calls)


def named_calls(event: dict[str, Any], common: Call) -> list[Call | bytes]:
    """The calls that one event (`name`, `params` with `items`) comes to. common: what all of them have."""
    given = text(event.get("name")) or ""
    params = mapping(event.get("params"))
    properties = {_FIELDS.get(key, key): value for key, value in params.items() if key != "items"}
    items = params.get("items")
    products = [_product(item) for item in items if type(item) is dict] if type(items) is list else []
    if given == "page_view":
        return [{"type": "page", **common, "properties": properties}]
    name = _NAMES.get(given, given)
    if name in _VALUED and "value" in properties and "total" not in properties:
        properties["total"] = properties["value"]
    if name in _OF_ONE and products:
        # `value` is of all items together.
        shared = {key: value for key, value in properties.items() if key != "value" or len(products) == 1}
        return [{"type": "track", **common, "event": name, "properties": {**shared, **each}} for each in products]
    if products:
        properties["products"] = products
    return [{"type": "track", **common, "event": name, "properties": properties}]


def _product(item: dict[str, Any]) -> dict[str, Any]:
    return {_ITEM.get(key, key): value for key, value in item.items() if value is not None}


def _time(of: dict[str, Any]) -> dict[str, str]:
    """`timestamp_micros`, a number or a text of digits; nothing where it is absent or none."""
    micros = of.get("timestamp_micros")
    if type(micros) is str and micros.isascii() and micros.isdigit() and len(micros) <= 17:
        micros = int(micros)
    if type(micros) is not int or not 0 < micros < 10**17:
        return {}
    return {"timestamp": format_instant(micros // 1000)}
