"""All that earns in a programme beside the rates of orders: events, days, missions and referrals."""

from collections.abc import Iterable
from typing import Any

from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.commerce.order import CANCELLED, COMPLETED, REFUNDED, OrderChange
from pipeline.domain.commerce.order_book import of_all_time
from pipeline.domain.decision import Moment
from pipeline.domain.event import REFERRAL, Event
from pipeline.domain.loyalty.bonus import Bonuses, Grant
from pipeline.domain.loyalty.ledger import BONUS, Ledger
from pipeline.domain.loyalty.mission import MissionRules
from pipeline.domain.loyalty.occasion import Occasions
from pipeline.domain.loyalty.referral import Referrals
from pipeline.domain.loyalty.review import Signs
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.segments.zone import Zones
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Order, Standing

# Bonuses of orders that can be taken back with them.
OF_ORDERS = 200


class Earning:
    """Decides who is given what, and has the ledger post it. Keeps `Standing.bonuses`, and its `due`.

    names: events, beside those of orders, that it has to be told of.
    """

    __slots__ = ("_bonuses", "_ledger", "_missions", "_occasions", "_referrals", "_signs", "_uses_first", "names")

    def __init__(self, programme: ProgrammeDefinition, ledger: Ledger, zones: Zones) -> None:
        rules = programme.earn
        self._ledger = ledger
        self._bonuses = Bonuses(rules)
        self._referrals = Referrals(rules)
        self._missions = MissionRules(rules, zones)
        self._occasions = Occasions(rules, zones)
        self._signs = Signs(programme.review)
        self._uses_first = any(rule.first for rule in rules)
        self.names = self._bonuses.names | self._referrals.names

    def takes(self, event: Event, properties: dict[str, Any]) -> bool:
        """Whether a shopper joins with the event, which is none of an order."""
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
        if self._occasions or (standing.bonuses is not None and standing.bonuses.days):
            self._occasions.set_due(shopper, book_of(standing), now)

    def on_due(self, shopper: Shopper, standing: Standing, moment: Moment) -> bool:
        """Give what a day earns that has begun; whether there was one."""
        book = standing.bonuses
        if book is None or not 0 < book.due <= moment.now:
            return False
        self._post(standing, self._occasions.on_due(shopper, book, moment.now), moment)
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
            elif change.kind == CANCELLED and book.first == order.key:
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
        completed: OrderChange | None = None
        for change in changes:
            if change.kind == COMPLETED and change.order is not None and not change.order.cancelled:
                completed = change
            elif change.kind in (CANCELLED, REFUNDED):
                self._take_back(standing, change, moment)
        if event.type == REFERRAL:
            self._reward(standing, event, properties, moment)
        elif completed is not None and completed.order is not None:
            self._on_completed(shopper, standing, event, properties, completed, completed.order, moment)
        elif event.name in self.names and not changes:
            self._post(standing, self._bonuses.grants(book_of(standing), event.name, properties, event.time), moment)
            if event.name in self._referrals.names:
                orders = of_all_time(shopper).count
                self._referrals.accept(book_of(standing), event, properties, orders, moment.remarks)
        self.on_confirmed(standing, moment)

    def on_confirmed(self, standing: Standing, moment: Moment) -> None:
        """After orders may have been confirmed: who was referred is given what waited for it."""
        book = standing.bonuses
        if book is not None and book.waiting and has_confirmed_order(standing):
            self._post(standing, self._referrals.confirmed(book, moment.now), moment)

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
            grants = self._bonuses.grants(book, event.name, properties, order.time, first)
            self._post(standing, grants, moment, change)
        if self._missions:
            self._post(standing, self._missions.grants(shopper, book_of(standing), order.time), moment)

    def _reward(self, standing: Standing, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        book = book_of(standing)
        grants = self._referrals.reward(book, event, properties)
        held = self._signs.of_referral(book, event) if grants else None
        self._post(standing, grants, moment, held=held)

    def _take_back(self, standing: Standing, change: OrderChange, moment: Moment) -> None:
        """What an order earned beside its rates goes with it, once nothing of it is left."""
        order, book = change.order, standing.bonuses
        if order is None or book is None:
            return
        self._signs.refunded(book, moment.now)
        if order.cancelled or order.refunded == order.value:
            numbers = [number for key, number in _pairs(book.of_orders) if key == order.key]
            book.of_orders = [each for pair in _pairs(book.of_orders) if pair[0] != order.key for each in pair]
            for number in numbers:
                self._ledger.take_back(standing, number, change.order_id, moment)

    def _post(
        self,
        standing: Standing,
        grants: Iterable[Grant],
        moment: Moment,
        change: OrderChange | None = None,
        held: str | None = None,
    ) -> None:
        for grant in grants:
            number = self._ledger.bonus(standing, grant, change.order_id if change is not None else None, moment)
            if change is not None and change.order is not None:
                book = book_of(standing)
                book.of_orders = [*book.of_orders, change.order.key, number][-2 * OF_ORDERS :]


def book_of(standing: Standing) -> BonusBook:
    """The book, which exists from then on."""
    if standing.bonuses is None:
        standing.bonuses = BonusBook()
    return standing.bonuses


def has_confirmed_order(standing: Standing) -> bool:
    return any(lot.level != BONUS for lot in standing.lots)


def _pairs(flat: list[int]) -> list[tuple[int, int]]:
    return list(zip(flat[::2], flat[1::2], strict=True))
