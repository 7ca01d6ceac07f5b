"""The rules of reference.topology.yaml, as a team would write them on top of a stream engine that keeps a state a key.

Pure standard library, so that it runs in each engine's environment. It does what all of these engines can express:
segment entries, the exits that the shopper's next event brings to light, and tiers. Left out is what Afterclick does
besides: validation, de-duplication, identity, late events, and all that only passing time causes (abandoned carts).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

HOUR, MONTH = 3_600_000, 30 * 86_400_000
"""Windows of `engaged` and `buyer`, ms."""
VIEWS = 5
BIG_CART = 10_000
"""Cents."""
TIERS = ((20_000, "platinum"), (5_000, "gold"), (1_000, "silver"), (0, "bronze"))

State = dict[str, Any]
Decision = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def new_shopper() -> State:
    """Cart: product -> [quantity, price in cents]. Views: times of the last five, ms. Spend: cents."""
    return {"cart": {}, "views": [], "orders": 0, "last_order": 0, "spend": 0, "points": 0, "tier": None, "in": []}


def decide(state: State, call: dict[str, Any]) -> list[Decision]:
    """Apply a call to its shopper's state, in place; the decisions that it causes, in order."""
    now = (datetime.fromisoformat(call["timestamp"]) - _EPOCH) // _MS
    cause = {"shopper": call["userId"], "message_id": call["messageId"]}
    decisions = [{**cause, **exit_} for exit_ in _elapsed(state, now)]
    name = call.get("event")
    if name is None:
        return decisions
    _apply(state, name, call["properties"], now)
    for change in _changes(state, name):
        decisions.append({**cause, **change, "effective_at": call["timestamp"]})
    return decisions


def _apply(state: State, name: str, properties: dict[str, Any], now: int) -> None:
    cart = state["cart"]
    if name == "Product Viewed":
        state["views"] = [*state["views"], now][-VIEWS:]
    elif name == "Product Added":
        _put(cart, properties, cart.get(properties["product_id"], (0,))[0] + properties["quantity"])
    elif name == "Product Removed":
        _take(cart, properties)
    elif name == "Checkout Started":
        cart.clear()
        for line in properties["products"]:
            _put(cart, line, line["quantity"])
    elif name == "Order Completed":
        state["orders"] += 1
        state["last_order"] = now
        state["spend"] += round(properties["total"] * 100)
        state["points"] += int(properties["total"])
        for line in properties["products"]:
            _take(cart, line)


def _put(cart: dict[str, list[int]], line: dict[str, Any], quantity: int) -> None:
    cart[line["product_id"]] = [quantity, round(line["price"] * 100)]


def _take(cart: dict[str, list[int]], line: dict[str, Any]) -> None:
    held = cart.get(line["product_id"])
    if held is not None:
        held[0] -= line["quantity"]
        if held[0] <= 0:
            del cart[line["product_id"]]


def _elapsed(state: State, now: int) -> Iterator[Decision]:
    """Exits of windows that closed since the shopper's last event, at the instant when they did, ms exact."""
    inside = state["in"]
    ends = []
    if "engaged" in inside and state["views"][0] + HOUR <= now:
        ends.append((state["views"][0] + HOUR, "engaged"))
    if "buyer" in inside and state["last_order"] + MONTH <= now:
        ends.append((state["last_order"] + MONTH, "buyer"))
    for end, segment in sorted(ends):
        inside.remove(segment)
        yield {"rule": segment, "change": "exited", "effective_at": _instant(end)}


def _changes(state: State, name: str) -> Iterator[Decision]:
    inside, views = state["in"], state["views"]
    if name == "Product Viewed":
        if "engaged" not in inside and len(views) == VIEWS and views[0] + HOUR > views[-1]:
            inside.append("engaged")
            yield {"rule": "engaged", "change": "entered"}
        return
    big = sum(quantity * price for quantity, price in state["cart"].values()) >= BIG_CART
    if big != ("big_cart" in inside):
        inside.append("big_cart") if big else inside.remove("big_cart")
        yield {"rule": "big_cart", "change": "entered" if big else "exited"}
    if name == "Order Completed":
        if "buyer" not in inside:
            inside.append("buyer")
            yield {"rule": "buyer", "change": "entered"}
        reached = next(tier for least, tier in TIERS if state["points"] >= least)
        if reached != state["tier"]:
            before, state["tier"] = state["tier"], reached
            if before is None and reached != "bronze":
                yield {"rule": "club", "change": "joined", "from": None, "to": "bronze"}
                before = "bronze"
            change = "joined" if before is None else "upgraded"
            yield {"rule": "club", "change": change, "from": before, "to": reached}


def _instant(at: int) -> str:
    return (_EPOCH + at * _MS).isoformat(timespec="milliseconds").replace("+00:00", "Z")
