"""A till: rings up orders, refunds and cancellations of one shopper, through the order book and loyalty."""

from itertools import count
from typing import Any

import msgspec

from pipeline.domain.commerce.order import OrderChange, Orders
from pipeline.domain.decision import KIND_EVENT, KIND_TIMER, LOYALTY_POINTS, LOYALTY_TIERS, Decision, Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.loyalty.loyalty import Loyalty
from pipeline.domain.shopper import Shopper

# 1 March 2026, 00:00 UTC.
START = 1_772_323_200_000


class Till:
    """Events are given at ms after START; `at` is the event time, `received` when it arrives (default: at once)."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.orders = Orders(plan)
        self.loyalty = Loyalty(plan)
        self.shopper = Shopper()
        self.decisions: list[Decision] = []
        self.remarks: list[str] = []
        self._messages = count(1)

    def complete(self, order_id: str | None, total: Any = None, at: int = 0, **more: Any) -> list[OrderChange]:
        return self.ring("Order Completed", order_id, at, total=total, **more)

    def update(self, order_id: str, total: Any = None, at: int = 0, **more: Any) -> list[OrderChange]:
        return self.ring("Order Updated", order_id, at, total=total, **more)

    def cancel(self, order_id: str, at: int = 0, **more: Any) -> list[OrderChange]:
        return self.ring("Order Cancelled", order_id, at, **more)

    def refund(self, order_id: str, total: Any = None, at: int = 0, **more: Any) -> list[OrderChange]:
        return self.ring("Order Refunded", order_id, at, total=total, **more)

    def ring(
        self,
        name: str,
        order_id: Any,
        at: int,
        received: int | None = None,
        message_id: str | None = None,
        **more: Any,
    ) -> list[OrderChange]:
        """Take one order event, after the timers that are due by its received time."""
        self.pass_time(at if received is None else received)
        properties = {key: value for key, value in {"order_id": order_id, **more}.items() if value is not None}
        event = Event(
            type="track",
            name=name,
            shopper="kim",
            time=START + at,
            received=self.shopper.now,
            message_id=message_id or f"m-{next(self._messages)}",
            properties=msgspec.Raw(msgspec.json.encode(properties)),
        )
        moment = self._moment(KIND_EVENT, event.message_id)
        changes = self.orders.fold(self.shopper, event, properties, moment)
        self.loyalty.on_event(self.shopper, event, properties, changes, moment)
        return changes

    def pass_time(self, until: int) -> None:
        """Fire every timer due by `until`, each at its own instant, as the engine does."""
        shopper = self.shopper
        while True:
            due = min((one for one in (shopper.orders_due, shopper.loyalty_due) if one), default=0)
            if not due or due > START + until:
                break
            assert due >= shopper.now, "a timer in the past"
            shopper.now = due
            moment = self._moment(KIND_TIMER, None)
            self.orders.on_due(shopper, moment)
            self.loyalty.on_due(shopper, moment)
        shopper.now = max(shopper.now, START + until)

    def points(self) -> list[tuple[str, int, int]]:
        """(entry, points, balance) of every line of the ledger so far."""
        return [
            (one.fields["entry"], one.fields["points"], one.fields["balance"])
            for one in self.decisions
            if one.topic == LOYALTY_POINTS
        ]

    def tiers(self) -> list[tuple[str, str | None, str, int]]:
        """(change, from, to, ms after START) of every tier decision so far."""
        return [
            (one.fields["change"], one.fields["from"], one.fields["to"], one.effective_at - START)
            for one in self.decisions
            if one.topic == LOYALTY_TIERS
        ]

    def latest(self, topic: str) -> Decision:
        return [one for one in self.decisions if one.topic == topic][-1]

    def _moment(self, kind: str, message_id: str | None) -> Moment:
        return Moment("shop", "kim", self.shopper.now, kind, message_id, self.decisions, self.remarks)
