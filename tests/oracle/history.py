"""What arrived: client calls read into records, in received order, with those that are refused (readings.md, 1-7)."""

from dataclasses import dataclass, field
from typing import Any

from tests.oracle import screening
from tests.oracle.values import DAY, instant, number, span

CALLS = ("track", "page", "screen", "identify", "alias", "group")
BEHAVIOUR = ("track", "page", "screen")
# wire-format.md, 3.6: names of the first version of the e-commerce specification.
ALIASES = {
    "Viewed Product": "Product Viewed",
    "Added Product": "Product Added",
    "Removed Product": "Product Removed",
    "Completed Order": "Order Completed",
    "Updated Order": "Order Updated",
    "Started Order": "Checkout Started",
    "Viewed Product Category": "Product List Viewed",
    "Viewed Promotion": "Promotion Viewed",
    "Clicked Promotion": "Promotion Clicked",
    "Clicked Product": "Product Clicked",
    "Viewed Checkout Step": "Checkout Step Viewed",
    "Completed Checkout Step": "Checkout Step Completed",
}
LARGEST = 10**11
VISIT_GAP = 30 * 60_000
UNHASHED = ("receivedAt", "sentAt", "originalTimestamp", "_metadata")


@dataclass
class Record:
    """One call. time, received: ms. late_segments, late_triggers: beyond `time.late` (readings.md, 19).

    copy: an Order Completed whose order_id is known already (readings.md, 23).
    """

    index: int
    type: str
    name: str
    shopper: str
    time: int
    received: int
    message_id: str
    body: dict[str, Any]
    properties: dict[str, Any] = field(default_factory=dict)
    traits: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    late_segments: bool = False
    late_triggers: bool = False
    copy: bool = False

    @property
    def behaviour(self) -> bool:
        return self.type in BEHAVIOUR

    @property
    def order_id(self) -> str | None:
        value = self.properties.get("order_id")
        return None if value is None else str(value)


class Lateness:
    """`time.late` of a topology, ms."""

    def __init__(self, topology: dict[str, Any]) -> None:
        late = topology.get("time", {}).get("late", {})
        self.segments = span(late.get("segments", 7 * DAY))
        self.triggers = span(late.get("triggers", 2 * DAY))


def bad_amounts(properties: dict[str, Any]) -> str | None:
    """Why prices or quantities make a call unusable: the reason it is refused for, or None."""
    products = properties.get("products")
    if products is not None and not isinstance(products, list):
        return "invalid_products"
    for one in [properties, *(products or [])]:
        if not isinstance(one, dict):
            return "invalid_products"
        price, quantity = one.get("price"), one.get("quantity")
        if price is not None and ((amount := number(price)) is None or amount < 0):
            return "invalid_price"
        if quantity is not None:
            pieces = number(quantity)
            if pieces is None or pieces < 0 or pieces != int(pieces):
                return "invalid_quantity"
    return None


def bad_totals(event: str, properties: dict[str, Any]) -> str | None:
    """Orders say what they come to in plain numbers that are not negative, of sensible length."""
    if event not in ("Checkout Started", "Order Completed", "Order Updated", "Order Cancelled", "Order Refunded"):
        return None
    stated = [properties[name] for name in ("total", "revenue", "value", "points") if properties.get(name) is not None]
    amounts = [number(one) for one in stated]
    return "invalid_price" if any(one is None or not 0 <= one <= LARGEST for one in amounts) else None


def refusal(raw: dict[str, Any]) -> str | None:
    if raw.get("type") not in CALLS:
        return "unknown_type"
    if raw.get("userId") is None and raw.get("anonymousId") is None:
        return "missing_id"
    if raw["type"] == "track":
        if not raw.get("event"):
            return "missing_event"
        properties = raw.get("properties") or {}
        return bad_amounts(properties) or bad_totals(raw["event"], properties)
    return None


def happened(raw: dict[str, Any]) -> int | None:
    """When a call says it happened; by the receiver's clock, if it says only when by its own (wire-format.md, 3.4)."""
    original, sent = instant(raw.get("originalTimestamp")), instant(raw.get("sentAt"))
    if "timestamp" in raw or original is None:
        return instant(raw.get("timestamp", raw.get("receivedAt")))
    return original if sent is None else (instant(raw["receivedAt"]) or 0) - (sent - original)


def read(events: list[dict[str, Any]], topology: dict[str, Any], until: int | None) -> tuple[list[Record], list[Any]]:
    """Records in order, received time raised so that it never runs backwards; and (index, reason) of those refused."""
    lateness = Lateness(topology)
    aliases = {**ALIASES, **topology.get("events", {}).get("aliases", {})}
    records, refused, latest = [], [], 0
    for index, sent in enumerate(events):
        called = sent.get("event") if sent.get("type") == "track" else sent.get("type")
        name = aliases.get(str(called), str(called))
        raw = screening.heeded(sent, topology, name)
        if raw is None:
            continue
        received = instant(raw.get("receivedAt", raw.get("timestamp")))
        if received is None:
            refused.append((index, "invalid_time"))
            continue
        if until is not None and max(received, latest) > until:
            break
        reason = refusal(raw)
        if reason:
            refused.append((index, reason))
            continue
        shopper = str(raw["userId"] if raw.get("userId") is not None else raw["anonymousId"])
        if not screening.takes(raw, topology, name, shopper):
            continue
        latest = received = max(received, latest)
        time = min(happened(raw) or received, received)
        record = Record(
            index=index,
            type=raw["type"],
            name=name,
            shopper=shopper,
            time=time,
            received=received,
            message_id=raw["messageId"],
            body={key: value for key, value in raw.items() if key not in UNHASHED},
            late_segments=received - time > lateness.segments,
            late_triggers=received - time > lateness.triggers,
        )
        record.context = raw.get("context") or {}
        if record.behaviour:
            record.properties = screening.properties(raw, topology)
        if record.type == "identify":
            record.traits = raw.get("traits") or {}
        records.append(record)
    return records, refused


def admit(known: list[Record], record: Record) -> str | None:
    """Whether a record repeats one that its shopper's history has: None, `duplicate` or `duplicate_mismatch`.

    Marks the later copies of an order. readings.md, 7 and 23; the first one received counts.
    """
    for earlier in known:
        if earlier.message_id == record.message_id:
            return "duplicate" if earlier.body == record.body else "duplicate_mismatch"
    if record.name == "Order Completed" and record.order_id is not None:
        record.copy = any(one.name == record.name and one.order_id == record.order_id for one in known)
    return None


def visits(records: list[Record]) -> int:
    """Visits end after a gap of more than 30 minutes (readings.md, 49), of events not too late for segments."""
    times = sorted(one.time for one in records if one.behaviour and not one.late_segments)
    return sum(1 for i, time in enumerate(times) if i == 0 or time - times[i - 1] > VISIT_GAP)
