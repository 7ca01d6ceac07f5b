"""The reference topology with a full `messaging:` block, and shoppers who may be written to."""

import json
from collections.abc import Iterator
from datetime import datetime

from benchmarks.cluster import reference
from benchmarks.workload import START, workload

SEGMENT = """\
  full-price-buyers: {when: {count: {of: Order Completed, where: {discount: 0}, within: 90d, at_least: 1}}}
"""
MESSAGING = """\
messaging:
  consent: {unknown: denied, categories: {Advertising: marketing}}
  quiet_hours: {from: "21:00", to: "08:00", channels: [email, sms, push]}
  caps:
    - {channel: email, at_most: 1, per: 16h, over: defer}
    - {channel: email, at_most: 4, per: 7d}
  arbitration: 60s
  holdout: {percent: 5, salt: 2026q1}
  messages:
    cart-reminder:
      on: {abandonment: cart, stage: 1}
      channel: email
      priority: 50
      variants: {control: 50, free-shipping: 50}
      unless: {in: full-price-buyers}
      expires: 12h
    order-confirmation:
      on: {event: Order Completed}
      channel: email
      transactional: true
"""
"""As the language's page shows it, and the segment that it asks for."""

PACE = 500
"""Of calls that are to leave carts behind for hours: so many times as long between two of them."""


def with_messages(partitions: int = 4) -> str:
    """Text of the reference topology with messages."""
    return reference(partitions).replace("segments:\n", f"segments:\n{SEGMENT}") + MESSAGING


def reachable(events: int, shoppers: int = 200_000) -> Iterator[tuple[bytes, bytes]]:
    """The reference workload, slower by PACE so that carts are abandoned; of the pages each third tells an address
    instead, and each third says yes."""
    for number, (key, value) in enumerate(workload(events, shoppers)):
        call = json.loads(value)
        moved = START + (datetime.fromisoformat(call["receivedAt"]) - START) * PACE
        call["timestamp"] = call["receivedAt"] = moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if call["type"] == "page" and number % 3:
            call.pop("name")
            call |= _address(call["userId"]) if number % 3 == 1 else _yes(call["userId"])
        yield key, json.dumps(call, separators=(",", ":")).encode()


def _address(shopper: str) -> dict[str, object]:
    return {"type": "identify", "traits": {"email": f"{shopper}@shop.example"}, "properties": {}}


def _yes(shopper: str) -> dict[str, object]:
    said = {"channel": "email", "status": "granted", "address": f"{shopper}@shop.example"}
    return {"type": "track", "event": "Consent Changed", "properties": said}
