"""One household's points and tiers by the naive ledger of `tests/oracle`, over orders that are folded as they come."""

from dataclasses import dataclass, field
from typing import Any

from tests.oracle.history import Record
from tests.oracle.loyalty import Programme
from tests.oracle.orders import Order, complete, take_refund
from tests.oracle.values import Shop
from tests.real_input.completejourney import Call


@dataclass
class Folded:
    """What a programme asks of the oracle's facts."""

    now: int
    orders: dict[str, Order] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    traits: dict[str, Any] = field(default_factory=dict)


def follow(history: list[Call], topology: dict[str, Any], end: int) -> Programme:
    """The household's membership in `club` up to `end` (ms)."""
    shop, facts = Shop(topology), Folded(0)
    club = Programme("club", topology["loyalty"]["club"], topology)
    for index, call in enumerate(history):
        _pass_time(club, facts, call["time"])
        record = Record(
            index, "track", call["event"], call["userId"], call["time"], call["time"], call["messageId"], {}
        )
        record.properties = call["properties"]
        _fold(facts.orders, record, shop)
        club.record(record, facts, facts)  # type: ignore[arg-type]
    _pass_time(club, facts, end)
    return club


def _pass_time(club: Programme, facts: Folded, until: int) -> None:
    while (due := min((one for one in club.dues() if one > facts.now), default=until + 1)) <= until:
        facts.now = due
        club.fire(facts)  # type: ignore[arg-type]
    facts.now = until


def _fold(orders: dict[str, Order], record: Record, shop: Shop) -> None:
    if record.order_id is None:
        return
    order = orders.setdefault(record.order_id, Order(record.order_id))
    if record.name == "Order Completed":
        complete(order, record, shop)
    elif record.name == "Order Refunded":
        take_refund(order, record, shop)
    else:
        order.cancelled = True
