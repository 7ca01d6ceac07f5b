"""All that earns in a programme beside the rates of orders: events, days, missions and referrals."""

from collections.abc import Iterable
from typing import Any

from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.commerce.order import CANCELLED, COMPLETED, REFUNDED, OrderChange, first_completed
from pipeline.domain.commerce.order_book import earliest_orders, leading, of_all_time, stands
from pipeline.domain.decision import Moment
from pipeline.domain.event import OF_OTHERS, REFERRAL, REFERRAL_CONFIRMED, Event
from pipeline.domain.loyalty.account import Accounts
from pipeline.domain.loyalty.anniversary import ZoneOf
from pipeline.domain.loyalty.bonus import Bonuses, Grant
from pipeline.domain.loyalty.evidence import give_evidence
from pipeline.domain.loyalty.lot import find_lot, left_of, lot_numbered
from pipeline.domain.loyalty.lot_block import first_time
from pipeline.domain.loyalty.mission import MissionRules
from pipeline.domain.loyalty.occasion import Occasions
from pipeline.domain.loyalty.referral import Referrals
from pipeline.domain.loyalty.review import HELD_REFERRALS, Signs, look_at_held
from pipeline.domain.loyalty.waiting import held_points
from pipeline.domain.loyalty_definition import REVIEW_EVENTS, ProgrammeDefinition
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Order, Standing

# Bonuses of orders that can be taken back with them.
OF_ORDERS = 200


class Earning:
    """Decides who is given what, and has the accounts post it. Keeps `Standing.bonuses`, and its `due`.

    names: events, beside those of orders, that it has to be told of. may_hold: whether `holds` may ever say so.
    """

    __slots__ = (
        "_accounts",
        "_bonuses",
        "_hold",
        "_missions",
        "_name",
        "_occasions",
        "_referrals",
        "_signs",
        "_uses_first",
        "may_hold",
        "names",
    )

    def __init__(self, programme: ProgrammeDefinition, accounts: Accounts, zone_of: ZoneOf) -> None:
        rules = programme.earn
        self._name = programme.name
        self._hold = programme.confirm_after or 0
        self._accounts = accounts
        self._bonuses = Bonuses(rules)
        self._referrals = Referrals(programme.name, rules)
        self._missions = MissionRules(rules, zone_of)
        self._occasions = Occasions(rules, zone_of)
        self._signs = Signs(programme.review)
        self.may_hold = bool(self._signs)
        self._uses_first = any(rule.first for rule in rules)
        self.names = self._bonuses.names | self._referrals.names | frozenset(REVIEW_EVENTS if self._signs else ())

    def takes(self, event: Event, properties: dict[str, Any]) -> bool:
        """Whether a shopper joins with the event, which is none of an order."""
        if event.type == REFERRAL_CONFIRMED:
            return False
        if event.type == REFERRAL:
            return self._referrals.takes(event, properties)
        return self._bonuses.takes(event.name, properties, event.time) or self._referrals.takes(event, properties)

    def join(self, shopper: Shopper, standing: Standing, now: int) -> None:
        if self._occasions:
            book = book_of(standing)
            book.joined = now
            self._occasions.set_due(shopper, book, now)

    def look_ahead(self, shopper: Shopper, standing: Standing, now: int) -> None:
        """Find the next days anew: a trait, the zone or the rules are others."""
        if standing.bonuses is not None and standing.bonuses.expected:
            self._referrals.set_due(standing.bonuses)
        if not self._occasions and (standing.bonuses is None or not standing.bonuses.days):
            return
        book = book_of(standing)
        if not book.joined:
            # Before there was a rule that asked for it.
            book.joined = first_time(standing)
        self._occasions.set_due(shopper, book, now)

    def on_due(self, shopper: Shopper, standing: Standing, moment: Moment) -> bool:
        """Give what a day earns that has begun, and friends whose orders are confirmed; whether there was any."""
        book = standing.bonuses
        if book is None or not (0 < book.due <= moment.now or 0 < book.pays <= moment.now):
            return False
        self._accounts.look(standing, moment.now)
        if 0 < book.due <= moment.now:
            self._post(standing, self._occasions.on_due(shopper, book, moment.now), moment)
        self._pay(standing, book, moment)
        return True

    def before_orders(self, shopper: Shopper, standing: Standing, changes: Iterable[OrderChange]) -> None:
        """Note which order is the first: none before it stands."""
        if not self._uses_first:
            return
        book = book_of(standing)
        for change in changes:
            order = change.order
            if order is None:
                continue
            if change.kind == COMPLETED and not order.cancelled and not book.first:
                book.first = order.key if of_all_time(shopper).count == 1 else 0
            elif change.kind == CANCELLED and leading(book.first) == leading(order.key):
                book.first = 0

    def on_event(
        self,
        shopper: Shopper,
        standing: Standing,
        event: Event,
        properties: dict[str, Any],
        changes: list[OrderChange],
        moment: Moment,
    ) -> None:
        """After the ledger has booked the orders."""
        completed = first_completed(changes)
        if event.type in OF_OTHERS:
            if event.name in self._referrals.names:
                self._on_friend(standing, event, properties, moment)
        elif completed is not None and completed.order is not None:
            self._on_completed(shopper, standing, event, properties, completed, completed.order, moment)
        elif event.name in REVIEW_EVENTS:
            if properties.get("programme", self._name) == self._name:
                look_at_held(self._accounts, standing, event, properties, moment)
        elif event.name in self.names and not changes:
            self._post(standing, self._bonuses.grants(book_of(standing), event, properties, event.time), moment)
            if event.name in self._referrals.names:
                orders = of_all_time(shopper).count
                self._referrals.accept(book_of(standing), event, properties, orders, moment.remarks)
        for change in changes:
            if change.kind in (CANCELLED, REFUNDED):
                if self.may_hold:
                    self._signs.refunded(book_of(standing), moment.now)
                self.take_back(standing, change, moment)

    def take_back(self, standing: Standing, change: OrderChange, moment: Moment) -> None:
        """What an order earned beside its rates goes with it, once nothing of it is left."""
        order, book = change.order, standing.bonuses
        if order is None or book is None or not (order.cancelled or order.refunded == order.value):
            return
        kept: list[int] = []
        for key, time, number in _triples(book.of_orders):
            if leading(key) != leading(order.key):
                kept += (key, time, number)
            elif (lot := lot_numbered(standing, time, number)) is not None:
                self._accounts.take_back(standing, lot, left_of(lot), change.order_id, moment)
        book.of_orders = kept

    def holds(self, standing: Standing, moment: Moment, points: int, sign: str | None = None) -> bool:
        """Whether points to be given now are held, for a sign of fraud; each time is counted by its remark."""
        if self._signs and sign is None:
            sign = self._signs.of(book_of(standing), points, moment.now)
        if sign is not None:
            moment.remarks.append(sign)
        return sign is not None

    def on_confirmed(self, shopper: Shopper, standing: Standing, moment: Moment) -> bool:
        """After orders may have been confirmed: who was referred is given what waited for it. Whether something did."""
        book = standing.bonuses
        if book is None or not book.waiting:
            return False
        confirms = self._first_confirmed(shopper, standing)
        self._referrals.announce(book, confirms, moment)
        book.confirms = confirms if confirms > moment.now else 0
        if not confirms or book.confirms:
            return False
        self._post(standing, self._referrals.confirmed(book, moment.now), moment)
        return True

    def _first_confirmed(self, shopper: Shopper, standing: Standing) -> int:
        """When the first order is confirmed that stands, was not sent back, and whose points are neither held nor taken
        back; ms, 0 = there is none."""
        held = held_points(standing)
        for order in earliest_orders(shopper):
            if stands(order) and (order.refunded < order.value or not order.value):
                lot = find_lot(standing, order)
                if lot is None or not lot.points or left_of(lot) > held.get(lot.number, 0):
                    return order.time + self._hold
        return 0

    def _on_completed(
        self,
        shopper: Shopper,
        standing: Standing,
        event: Event,
        properties: dict[str, Any],
        change: OrderChange,
        order: Order,
        moment: Moment,
    ) -> None:
        book = standing.bonuses
        first = book is not None and book.first == order.key
        if event.name in self._bonuses.names:
            book = book_of(standing)
            grants = self._bonuses.grants(book, event, properties, order.time, first)
            self._post(standing, grants, moment, change)
        if self._missions:
            self._post(standing, self._missions.grants(shopper, book_of(standing), order.time), moment)

    def _on_friend(self, standing: Standing, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        """A friend of this shopper is there, or buys."""
        book = book_of(standing)
        if event.type == REFERRAL:
            new = self._referrals.register(book, event, properties, moment.remarks)
            held = bool(new) and self._signs.of_referral(book, event) is not None
            for one in new:
                one.held = held
        else:
            self._referrals.hear(book, properties)
            self._pay(standing, book, moment)

    def _pay(self, standing: Standing, book: BonusBook, moment: Moment) -> None:
        for grant, held in self._referrals.pay(book, moment.now):
            self._post(standing, [grant], moment, sign=HELD_REFERRALS if held else None)

    def _post(
        self,
        standing: Standing,
        grants: Iterable[Grant],
        moment: Moment,
        change: OrderChange | None = None,
        sign: str | None = None,
    ) -> None:
        """sign: of fraud, for which they are held."""
        for grant in grants:
            held = self.holds(standing, moment, grant.points, sign)
            order_id = change.order_id if change is not None else ""
            told = len(moment.decisions)
            lot = self._accounts.grant(standing, grant.points, grant.source, moment, grant.at, order_id, held=held)
            give_evidence(moment.decisions[told:], [(grant.rule, grant.points)])
            if lot is not None and change is not None and change.order is not None:
                book = book_of(standing)
                book.of_orders = [*book.of_orders, change.order.key, lot.time, lot.number][-3 * OF_ORDERS :]


def book_of(standing: Standing) -> BonusBook:
    """The book, which exists from then on."""
    if standing.bonuses is None:
        standing.bonuses = BonusBook()
    return standing.bonuses


def _triples(flat: list[int]) -> list[tuple[int, int, int]]:
    return list(zip(flat[::3], flat[1::3], flat[2::3], strict=True))
