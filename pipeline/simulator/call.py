"""Calls: clicks as client libraries send them (Segment's spec), and what the back office sends."""

from random import Random
from typing import Any

from pipeline.domain.value.instant import format_instant
from pipeline.simulator.persona import Persona
from pipeline.simulator.visit import Click, Order, line_of, money

# ms from what happens in the back office until it has come in.
OFFICE_DELAY = 100

_BROWSER = {"name": "analytics.js", "version": "npm:next-1.84.3"}
_SERVER = {"name": "@segment/analytics-node", "version": "3.1.0"}


def browser_call(random: Random, person: Persona, click: Click, at: int, received: int) -> dict[str, Any]:
    """A call of the shop's pages. at: when it happened; received: when it came in; ms."""
    call: dict[str, Any] = {"type": click.call}
    if click.call == "track":
        call["event"] = click.name
    call["anonymousId"] = person.anonymous_id
    call["userId"] = person.user_id if person.logged_in else None
    call["traits" if click.call == "identify" else "properties"] = click.content
    call["context"] = {"library": _BROWSER, "locale": person.locale, "timezone": person.timezone}
    return _sent(random, call, f"ajs-next-{at}", at, received)


def refund_call(random: Random, person: Persona, order: Order, at: int, currency: str) -> dict[str, Any]:
    """The back office takes back one line of an order, or all of it."""
    lines = order.lines if random.random() < 0.4 else (random.choice(order.lines),)
    total = order.total if lines == order.lines else sum(line.product.price * line.quantity for line in lines)
    return _office_call(random, person, "Order Refunded", at, {
        "order_id": order.order_id, "refund_id": f"r-{order.order_id}", "total": money(total), "currency": currency,
        "products": [line_of(line.product, line.quantity) for line in lines],
    })  # fmt: skip


def cancel_call(random: Random, person: Persona, order: Order, at: int, currency: str) -> dict[str, Any]:
    properties = {"order_id": order.order_id, "total": money(order.total), "currency": currency}
    return _office_call(random, person, "Order Cancelled", at, properties)


def _office_call(random: Random, person: Persona, event: str, at: int, properties: dict[str, Any]) -> dict[str, Any]:
    call = {"type": "track", "event": event, "userId": person.user_id, "properties": properties}
    call["context"] = {"library": _SERVER}
    return _sent(random, call, f"node-next-{at}", at, at + OFFICE_DELAY)


def _sent(random: Random, call: dict[str, Any], message: str, at: int, received: int) -> dict[str, Any]:
    call["messageId"] = f"{message}-{random.getrandbits(48):012x}"
    call["timestamp"] = format_instant(at)
    call["sentAt"] = format_instant(at + (received - at) // 2)
    call["receivedAt"] = format_instant(received)
    return call
