"""One loyalty programme of one shopper, recomputed from the history at each instant (semantics.md part 6)."""

from collections.abc import Iterator
from typing import Any

from tests.oracle.history import Record
from tests.oracle.ladder import Ladder, Part
from tests.oracle.ledger import Ledger, Lot
from tests.oracle.orders import Order
from tests.oracle.points import Earned
from tests.oracle.segments import Facts
from tests.oracle.values import Shop, number, span

ORDER = "Order Completed"


class Programme:
    """asked: cumulative demand of refunds by order. earned: what orders earn, priced as they were last."""

    def __init__(self, name: str, entry: dict[str, Any], topology: dict[str, Any]) -> None:
        self.name, self.entry, self.shop = name, entry, Shop(topology)
        self.alone = len(topology["loyalty"]) == 1
        self.rules = [rule for rule in entry.get("earn", []) if rule["on"] == ORDER]
        self.ladder = Ladder(name, entry["tiers"], self.shop)
        self.ledger = Ledger(name, entry, self.shop.zone)
        self.lots: dict[str, Lot] = {}
        self.earned: dict[str, Earned] = {}
        self.refunds: dict[str, int] = {}

    @property
    def points(self) -> list[dict[str, Any]]:
        return self.ledger.lines

    @property
    def tiers(self) -> list[dict[str, Any]]:
        return self.ladder.lines

    @property
    def standing(self) -> tuple[str | None, int]:
        """Tier and balance, as conditions see them."""
        level = self.ladder.level
        return (self.ladder.names[level] if level >= 0 else None), self.ledger.balance

    @property
    def window(self) -> int | None:
        """A span after which anything of it may change by itself, ms."""
        window = self.entry["tiers"].get("window", "lifetime")
        return span(window["rolling"]) if window != "lifetime" and "rolling" in window else None

    def due(self, now: int) -> int | None:
        instants = [*self.ledger.instants(), *self.ladder.instants()]
        return min((one for one in instants if one > now), default=None)

    def fire(self, facts: Facts) -> None:
        """What time alone does at `facts.now`."""
        self._at(facts, None)
        self.ledger.pass_time()
        self.ledger.give_notice()
        self._measure(facts)
        if self.ladder.level >= 0:
            self.ladder.pass_time()

    def record(self, record: Record, facts: Facts, earlier: Facts) -> None:
        """Apply a record that `facts` has and `earlier`, of the same instant, has not."""
        self._at(facts, record.message_id)
        self._measure(earlier)
        before = self.ladder.value()
        order = facts.orders.get(record.order_id or record.message_id)
        orders = record.name.startswith("Order ") and order is not None
        if not (orders or record.name in ("Points Redeemed", "Redemption Cancelled", "Points Adjusted")):
            return
        reversed_before = dict(self.refunds)
        if orders and order is not None:
            self._order(record, order)
        elif self.ladder.level >= 0:
            self._admin(record)
        self.ledger.pass_time()
        self._measure(facts)
        if self.ladder.level < 0:
            return
        if record.name in ("Order Refunded", "Order Cancelled") and order is not None:
            moved = self.ladder.money or self.refunds != reversed_before
            if moved:
                self.ladder.reverse(order.order_id, before)
        self.ladder.settle()

    def _at(self, facts: Facts, cause: str | None) -> None:
        self.ledger.now = self.ladder.now = facts.now
        self.ledger.cause = self.ladder.cause = cause

    def _order(self, record: Record, order: Order) -> None:
        if record.name == ORDER and not order.cancelled and self.ladder.level < 0:
            self.ladder.join()
        if record.name == ORDER and order.completed is record:
            self._earn(order)
        elif order.order_id in self.lots and not order.cancelled and record.name in ("Order Updated", ORDER):
            self._reprice(record, order)
        self._reverse(order)

    def _earn(self, order: Order) -> None:
        multiplier = self.ladder.multipliers[self.ladder.held_at(order.time)]
        earned = self.earned[order.order_id] = Earned(order, order.completed, self.rules, multiplier, self.shop)
        lot = self.lots[order.order_id] = self.ledger.open(order.time, order.order_id)
        self.refunds[order.order_id] = 0
        if order.cancelled:
            self.refunds[order.order_id] = lot.forgiven = earned.points
            return
        self.ledger.touch(order.time)
        self.ledger.earn(lot, earned.points)

    def _reprice(self, record: Record, order: Order) -> None:
        """Earn anew at the multiplier that the order had; what was taken back stays taken."""
        if order.updated is not record:
            return
        lot, old = self.lots[order.order_id], self.earned[order.order_id]
        earned = Earned(order, record, self.rules, old.multiplier, self.shop)
        self.earned[order.order_id] = earned
        asked = self.refunds[order.order_id] = min(self.refunds[order.order_id], earned.points)
        self.ledger.reprice(lot, earned.points, asked)

    def _reverse(self, order: Order) -> None:
        earned = self.earned.get(order.order_id)
        if earned is None:
            return
        # Parked refunds arrive with their order, one line each: fold them one by one.
        for count in range(len(order.refunds) + 1):
            partial = Order(order.order_id, order.completed, order.value, refunds=order.refunds[:count])
            partial.cancelled = order.cancelled and count == len(order.refunds)
            asked = earned.reversed(partial, self.shop)
            if asked > self.refunds[order.order_id]:
                self.refunds[order.order_id] = asked
                self.ledger.demand(self.lots[order.order_id], asked)

    def _admin(self, record: Record) -> None:
        properties = record.properties
        if properties.get("programme", self.name if self.alone else None) != self.name and "programme" in properties:
            return
        points = number(properties.get("points"))
        whole = int(points) if points is not None and points == int(points) else 0
        redemption = str(properties.get("redemption_id", record.message_id))
        if record.name == "Points Redeemed":
            if whole > 0 and redemption not in self.ledger.redeemed and self.ledger.redeem(redemption, whole):
                self.ledger.touch(record.time)
        elif record.name == "Redemption Cancelled":
            if redemption in self.ledger.redeemed and redemption not in self.ledger.returned:
                self.ledger.returned.add(redemption)
                self.ledger.give_back(redemption)
                self.ledger.touch(record.time)
        elif whole:
            self.ledger.adjust(record.time, whole)
            if whole > 0:
                self.ledger.touch(record.time)

    def _measure(self, facts: Facts) -> None:
        """What the metric adds up, of all time; the ladder leaves out what its window does."""
        self.ladder.parts = list(self._parts(facts))

    def _parts(self, facts: Facts) -> Iterator[Part]:
        if self.ladder.metric == "points_earned":
            for lot in self.ledger.lots:
                if not lot.held:
                    yield Part(lot.order_id or f"#{lot.number}", lot.time, lot.net)
        elif self.ladder.metric == "points_active":
            yield Part("", self.ledger.now, self.ledger.balance)
        else:
            for order in facts.orders.values():
                if order.completed is not None:
                    amount = int(order.counts) if self.ladder.metric == "orders" else order.net * order.counts
                    yield Part(order.order_id, order.time, amount)
