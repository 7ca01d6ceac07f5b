"""One loyalty programme of one shopper, recomputed from the history at each instant (semantics.md part 6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.oracle.bonuses import Bonuses, Grant
from tests.oracle.calendar import later
from tests.oracle.history import Record
from tests.oracle.ladder import Ladder, Part
from tests.oracle.ledger import Ledger, Lot
from tests.oracle.orders import Order
from tests.oracle.points import Earned, given_back
from tests.oracle.redemptions import Redemptions, whole
from tests.oracle.review import Review
from tests.oracle.segments import Facts
from tests.oracle.values import Shop, span

ORDER = "Order Completed"
ORDER_EVENTS = (ORDER, "Order Updated", "Order Cancelled", "Order Refunded")


@dataclass
class Letter:
    """What a friend's record tells the one who referred."""

    referrer: str
    programme: str
    friend: str
    number: int
    confirms: int | None
    message_id: str


class Programme:
    """confirms: when the first order of a shopper who was referred is confirmed. letters: to those who referred. lots:
    of orders. earned: what orders earn, priced as they were last. refunds: cumulative demand, by order.

    given: lots of bonuses. back: money of refunds without lines, by order; seen: how many of its refunds were taken.
    """

    def __init__(self, name: str, entry: dict[str, Any], topology: dict[str, Any]) -> None:
        self.name, self.entry, self.shop = name, entry, Shop(topology)
        self.ladder = Ladder(name, entry["tiers"], self.shop)
        self.ledger = Ledger(name, entry, self.shop.zone)
        self.bonuses = Bonuses(entry, topology)
        self.redemptions = Redemptions(name, entry, self.ledger, self.ladder, alone=len(topology["loyalty"]) == 1)
        self.confirms: int | None = None
        self.letters: list[Letter] = []
        self.review = Review(entry, self.ledger)
        self.lots: dict[str, Lot] = {}
        self.earned: dict[str, Earned] = {}
        self.refunds: dict[str, int] = {}
        self.given: list[Lot] = []
        self.back: dict[str, list[int]] = {}
        self.seen: dict[str, int] = {}

    @property
    def points(self) -> list[dict[str, Any]]:
        return self.ledger.lines

    @property
    def tiers(self) -> list[dict[str, Any]]:
        return self.ladder.lines

    @property
    def member(self) -> bool:
        return self.ladder.level >= 0

    @property
    def standing(self) -> tuple[str | None, int]:
        """Tier and balance, as conditions see them."""
        return (self.ladder.names[self.ladder.held] if self.member else None), self.ledger.balance

    @property
    def window(self) -> int | None:
        """A span after which anything of it may change by itself, ms."""
        window = self.entry["tiers"].get("window", "lifetime")
        return span(window["rolling"]) if window != "lifetime" and "rolling" in window else None

    def dues(self) -> list[int]:
        """Instants at which something may happen without a record; those of the past are passed over."""
        days = [self.bonuses.due(), self.confirms, *(one.confirms for one in self.bonuses.expected.values())]
        return [*self.ledger.instants(), *self.ladder.instants(), *(one for one in days if one is not None)]

    def fire(self, facts: Facts) -> None:
        """What time alone does at `facts.now`."""
        self.at(facts, None)
        if self.member:
            self._give(self.bonuses.fire(facts))
        self.ledger.pass_time()
        self.confirmed(facts)
        self._pay()
        self.ledger.give_notice()
        self.measure(facts)
        if self.member:
            self.ladder.pass_time()
            self.redemptions.offer()

    def record(self, record: Record, facts: Facts, earlier: Facts) -> None:
        """Apply a record that `facts` has and `earlier`, of the same instant, has not."""
        self.at(facts, record.message_id)
        self.measure(earlier)
        before = self.ladder.value()
        order = facts.orders.get(record.order_id or record.message_id) if record.name in ORDER_EVENTS else None
        completes = record.name == ORDER and order is not None and not order.cancelled
        means = self.redemptions.means(record)
        adjusts = means and record.name == "Points Adjusted" and whole(record.properties.get("points")) is not None
        self.ladder.order_id = None if order is None else order.order_id
        said = self.ladder.joins(record, self.redemptions.alone)
        if not self.member and (completes or adjusts or said or self.bonuses.joins(record)):
            self.join(facts)
        net = self._net(order)
        if order is not None:
            self.bonuses.note_first(record, order, facts)
            self._order(record, order)
        if means:
            self.redemptions.record(record)
        if not self.member:
            return
        self._give(self.bonuses.record(record, facts))
        if order is not None:
            self.review.order(order, earlier.orders.get(order.order_id))
            self.take_back(order)
        self.review.record(record)
        self.ledger.pass_time()
        self.confirmed(facts, record)
        self.bonuses.look(facts)
        self.measure(facts)
        # A lower price undoes an order in part, as a refund does.
        undone = self.ladder.metric in ("spend", "orders") or self._net(order) < net
        if order is not None and record.name != ORDER and undone:
            self.ladder.reverse(order.order_id, before)
        self.ladder.say(record, self.redemptions.alone)
        self.ladder.settle()
        self.redemptions.offer()

    def referred(self, record: Record, facts: Facts) -> None:
        """A friend's event that names this shopper as the one who referred."""
        if self.bonuses.referrer(record) is None:
            return
        self.at(facts, record.message_id)
        if not self.member:
            self.join(facts)
        self.bonuses.expect(record, lambda: self.review.holds_friend(record))
        self._look(facts)

    def heard(self, letter: Letter, facts: Facts) -> None:
        """A friend's first order is confirmed at another instant than was known, or at none."""
        self.at(facts, letter.message_id)
        expected = self.bonuses.expected.get((letter.friend, letter.number))
        if expected is not None:
            expected.confirms = letter.confirms
        self._pay()
        if self.member:
            self._look(facts)

    def _pay(self) -> None:
        for grant, held in self.bonuses.pay(self.ledger.now):
            self._give([grant], held=held)

    def _look(self, facts: Facts) -> None:
        self.ledger.pass_time()
        self.bonuses.look(facts)
        self.measure(facts)
        self.ladder.settle()
        self.redemptions.offer()

    def _net(self, order: Order | None) -> int:
        return sum(lot.net for lot in self.ledger.lots if order is not None and lot.order_id == order.order_id)

    def at(self, facts: Facts, cause: str | None) -> None:
        self.ledger.now = self.ladder.now = facts.now
        self.ledger.cause = self.ladder.cause = cause
        self.ladder.order_id = None

    def join(self, facts: Facts) -> None:
        self.bonuses.joined = facts.now
        self.ladder.join()

    # What orders earn and lose.

    def _order(self, record: Record, order: Order) -> None:
        if record.name == ORDER and order.completed is record:
            self._earn(record, order)
        elif order.updated is record and order.order_id in self.lots and not order.cancelled:
            self.reprice(record, order)
            return
        self.reverse(order)

    def _earn(self, record: Record, order: Order) -> None:
        if not order.cancelled:
            self.ledger.touch(order.time)
        if not self.bonuses.has_rates:
            return
        earned = self.earned[order.order_id] = self._worth(order, order.updated or record)
        lot = self.lots[order.order_id] = self.ledger.open(order.time, order.order_id)
        self.refunds[order.order_id] = 0
        if order.cancelled:
            self.refunds[order.order_id] = lot.forgiven = earned.points
        else:
            self.ledger.earn(lot, earned.points, held=self.review.holds(earned.points))

    def _worth(self, order: Order, record: Record) -> Earned:
        first = self.bonuses.first == order.order_id
        multiplier = self.ladder.multipliers[self.ladder.held_at(order.time)]
        if order.order_id in self.earned:
            multiplier = self.earned[order.order_id].multiplier
        return Earned(order, record, self.bonuses.rates(order, first), multiplier, self.shop)

    def reprice(self, record: Record, order: Order) -> None:
        """Earn anew at the multiplier that the order had; what was taken back stays taken."""
        earned = self.earned[order.order_id] = self._worth(order, record)
        lot = self.lots[order.order_id]
        held = not lot.held and self.review.holds(earned.points - lot.worth)
        self.ledger.reprice(lot, earned.points, self.refunds[order.order_id], held=held)
        self.refunds[order.order_id] = min(self.refunds[order.order_id], earned.points)
        back = self.back.get(order.order_id, [])
        if sum(back) > order.value:
            # What was given back is never more than the order is worth.
            back.append(order.value - sum(back))

    def reverse(self, order: Order) -> None:
        earned = self.earned.get(order.order_id)
        if earned is None:
            return
        back = self.back.setdefault(order.order_id, [])
        # Parked refunds arrive with their order, one line each: fold them one by one.
        seen = self.seen.get(order.order_id, 0)
        for count in range(seen + 1, len(order.refunds) + 1) or ([seen] if order.cancelled else []):
            if count > seen:
                back.append(given_back(order.refunds[count - 1], order.value - sum(back), self.shop))
                self.seen[order.order_id] = count
            partial = Order(order.order_id, order.completed, order.value, refunds=order.refunds[:count])
            partial.cancelled = order.cancelled and count == len(order.refunds)
            asked = earned.reversed(partial, sum(back))
            if asked > self.refunds[order.order_id]:
                self.refunds[order.order_id] = asked
                self.ledger.demand(self.lots[order.order_id], asked)

    # Bonuses.

    def _give(self, grants: list[Grant], *, held: bool = False) -> None:
        for points, at, order_id in grants:
            lot = self.ledger.open(at, order_id, confirmed=True)
            lot.bonus = True
            self.ledger.earn(lot, points, "bonus", held=held or self.review.holds(points))
            self.ledger.touch(at)
            self.given.append(lot)

    def take_back(self, order: Order) -> None:
        """A bonus of an order goes with the whole of it."""
        if order.cancelled or (order.refunds and order.refunded == order.value):
            if order.cancelled and self.bonuses.first == order.order_id:
                self.bonuses.first = None
            for lot in self.given:
                if lot.order_id == order.order_id:
                    self.ledger.demand(lot, lot.worth)

    def confirmed(self, facts: Facts, record: Record | None = None) -> None:
        """The one who was referred is paid once an order of theirs is confirmed; whoever referred is told when."""
        self.confirms = self._first_confirmed(facts) if any(self.bonuses.waiting.values()) else None
        for at, (referrer, number, friend, _) in self.bonuses.news(self.confirms) if record is not None else ():
            told = f"{record.message_id}/{self.name}/{at}" if record is not None else ""
            self.letters.append(Letter(referrer, self.name, friend, number, self.confirms, told))
        if self.confirms is not None and self.confirms <= facts.now:
            self.confirms = None
            self._give(self.bonuses.confirmed(facts.now))

    def _first_confirmed(self, facts: Facts) -> int | None:
        """Of the orders that stand, were not sent back, and whose points are neither held nor taken back."""
        found = []
        for order in facts.orders.values():
            lot = self.lots.get(order.order_id)
            if not order.counts or not (order.net or not order.value):
                continue
            taken = 0 if lot is None else max(self.refunds[order.order_id], lot.taken + lot.forgiven)
            if lot is None or not lot.worth or taken + lot.held < lot.worth:
                found.append(later(order.time, self.entry.get("confirm_after", "0s"), self.shop.zone))
        return min(found, default=None)

    # The metric.

    def measure(self, facts: Facts) -> None:
        """What the metric adds up, of all time; the ladder leaves out what its window does."""
        self.ladder.parts = list(self._parts(facts))
        self.ladder.orders = set(self.lots)

    def _parts(self, facts: Facts) -> Iterator[Part]:
        if self.ladder.metric == "points_earned":
            for lot in self.ledger.lots:
                if lot.net > lot.held or not lot.held:
                    yield Part(lot.order_id or f"#{lot.number}", lot.time, lot.net - lot.held)
        elif self.ladder.metric == "points_active":
            # The balance, told as what stands of each lot and what is spent of all.
            lots = [lot for lot in self.ledger.lots if not lot.pending]
            for lot in lots:
                yield Part(lot.order_id or f"#{lot.number}", lot.time, lot.net)
            yield Part("", self.ledger.now, self.ledger.balance - sum(lot.net for lot in lots))
        else:
            for order in facts.orders.values():
                if order.completed is not None:
                    amount = int(order.counts) if self.ladder.metric == "orders" else order.net * order.counts
                    yield Part(order.order_id, order.time, amount)
