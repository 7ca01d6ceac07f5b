"""Snowplow's e-commerce events, from their tables to the calls that a shop's clients would send.

The events stand in one table, their entities (products, cart, transaction, ..) in others that are joined on
`root_id = event_id`. Nothing here knows the engine.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.replay_run import instant

ENTITIES = ("product", "cart", "transaction", "checkout_step")
_PREFIX = "com_snowplowanalytics_snowplow_"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SnowplowEvent(NamedTuple):
    """One tracked event. action: type of the e-commerce action, "" if it carries none (an older tracking schema).

    time and received: ms since the epoch. session: the browser's or app's session id, shopper: its user id.
    cart_total: value of the cart after the event, None without a cart entity.
    """

    event_id: str
    action: str
    shopper: str
    session: str
    time: int
    received: int
    products: list[dict[str, str]]
    cart_total: Decimal | None
    transaction: dict[str, str] | None
    checkout_step: str | None

    @property
    def creates_cart(self) -> bool:
        """Snowplow's own rule of `cart_created`: what was added is all that the cart holds, judged by the money."""
        added = sum((Decimal(product["price"]) for product in self.products), Decimal())
        return self.action == "add_to_cart" and added == self.cart_total


def read_events(folder: Path) -> list[SnowplowEvent]:
    """All events of the data set in the order of their arrival at the collector."""
    entities = {name: _table(folder / f"{_PREFIX}ecommerce_{name}_1.csv") for name in ENTITIES}
    actions = _table(folder / f"{_PREFIX}ecommerce_action_1.csv")
    sessions = _table(folder / f"{_PREFIX}client_session_1.csv")
    events = []
    with (folder / "snowplow_ecommerce_events.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            event_id = row["event_id"]
            mobile = _first(sessions[event_id]) or {}
            cart = _first(entities["cart"][event_id])
            step = _first(entities["checkout_step"][event_id])
            received = instant(row["collector_tstamp"])
            events.append(
                SnowplowEvent(
                    event_id=event_id,
                    action=(_first(actions[event_id]) or {}).get("type", ""),
                    shopper=row["domain_userid"] or mobile.get("user_id") or row["network_userid"],
                    session=row["domain_sessionid"] or mobile.get("session_id", ""),
                    time=instant(row["derived_tstamp"]),
                    received=received,
                    products=entities["product"][event_id],
                    cart_total=Decimal(cart["total_value"]) if cart else None,
                    transaction=_first(entities["transaction"][event_id]),
                    checkout_step=step["step"] if step else None,
                )
            )
    # Events of one arrival stand as they happened.
    return sorted(events, key=lambda event: (event.received, event.time, event.event_id))


def with_carts(events: list[SnowplowEvent]) -> Iterator[tuple[SnowplowEvent, str]]:
    """Each event with the cart that it is about, "" if there is none.

    A cart is named after its session and counted from 1 within it: Snowplow's entity has no id in this data. An add
    that creates a cart, or finds none, begins the next one; a transaction ends it.
    """
    carts: dict[str, int] = defaultdict(int)
    opened: dict[str, str] = {}
    for event in events:
        session = event.session
        if event.action == "add_to_cart" and (event.creates_cart or session not in opened):
            carts[session] += 1
            opened[session] = f"{session}#{carts[session]}"
        yield event, opened.get(session, "")
        if event.action == "transaction":
            opened.pop(session, None)


def write_calls(events: list[SnowplowEvent], path: Path) -> None:
    """Write the calls, one a line, in order of arrival. A refund is of the latest transaction of its session."""
    orders: dict[str, str] = {}
    with path.open("w") as file:
        for event, cart_id in with_carts(events):
            if event.transaction is not None:
                orders[event.session] = event.transaction["transaction_id"]
            for call in _calls(event, cart_id, orders.get(event.session, "")):
                file.write(json.dumps(call) + "\n")


def _calls(event: SnowplowEvent, cart_id: str, order_id: str) -> list[dict[str, Any]]:
    products = [_product(product) for product in event.products]
    cart = {"cart_id": cart_id} if cart_id else {}
    match event.action:
        case "product_view":
            return [_track(event, "Product Viewed", product, index) for index, product in enumerate(products)]
        case "list_view":
            return [_track(event, "Product List Viewed", {"products": products})]
        case "list_click":
            return [_track(event, "Product Clicked", product, index) for index, product in enumerate(products)]
        case "add_to_cart":
            created = {"cart_created": event.creates_cart, **cart}
            return [_track(event, "Product Added", {**one, **created}, index) for index, one in enumerate(products)]
        case "remove_from_cart":
            return [_track(event, "Product Removed", {**one, **cart}, index) for index, one in enumerate(products)]
        case "checkout_step":
            return [_track(event, "Checkout Step Completed", {"step": event.checkout_step, **cart})]
        case "transaction":
            assert event.transaction is not None
            order = {
                "order_id": order_id,
                "revenue": event.transaction["revenue"],
                "currency": event.transaction["currency"],
                "products": products,
                **cart,
            }
            return [_track(event, "Order Completed", order)]
        case "refund":
            refund = {"order_id": order_id, "currency": products[0]["currency"], "products": products}
            return [_track(event, "Order Refunded", refund)]
        case "promo_view" | "promo_click":
            return [_track(event, {"promo_view": "Promotion Viewed"}.get(event.action, "Promotion Clicked"), {})]
        case _:
            return [{"type": "page", **_envelope(event, 0), "properties": {}}]


def _track(event: SnowplowEvent, name: str, properties: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "track", "event": name, **_envelope(event, index), "properties": properties}


def _envelope(event: SnowplowEvent, index: int) -> dict[str, Any]:
    return {
        "messageId": f"{event.event_id}-{index}",
        "anonymousId": event.shopper,
        "timestamp": _text(event.time),
        "receivedAt": _text(event.received),
    }


def _product(row: dict[str, str]) -> dict[str, Any]:
    product = {"product_id": row["id"], "category": row["category"], "price": row["price"], "currency": row["currency"]}
    return product | ({"quantity": row["quantity"]} if row["quantity"] else {})


def _table(path: Path) -> dict[str, list[dict[str, str]]]:
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            rows[row["root_id"]].append(row)
    return rows


def _first(rows: list[dict[str, str]]) -> dict[str, str] | None:
    return rows[0] if rows else None


def _text(instant: int) -> str:
    return (_EPOCH + timedelta(milliseconds=instant)).isoformat(timespec="milliseconds")
