"""One loyalty programme of a shopper: its ledger, its metric and its tiers (readings.md, 40-45, 53)."""

from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.commerce.order import CANCELLED, COMPLETED, UPDATED, OrderChange, first_completed
from pipeline.domain.commerce.order_book import cancelled_orders
from pipeline.domain.commerce.pricing import Pricing
from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.loyalty.account import Accounts
from pipeline.domain.loyalty.anniversary import ZoneOf
from pipeline.domain.loyalty.earning import Earning
from pipeline.domain.loyalty.ladder import Ladder
from pipeline.domain.loyalty.ledger import Ledger
from pipeline.domain.loyalty.lot_block import file_lots
from pipeline.domain.loyalty.manual import Manual
from pipeline.domain.loyalty.metric import POINTS_EARNED, SPEND, Metric
from pipeline.domain.loyalty.purse import file_holdings, purse_due
from pipeline.domain.loyalty.redemption import Redemptions, adjusts
from pipeline.domain.loyalty.reward import Rewards
from pipeline.domain.loyalty.tenure import level_at
from pipeline.domain.loyalty.tier import Tiers
from pipeline.domain.loyalty.tier_line import TIER_GONE, Case
from pipeline.domain.loyalty.union import Ledgers
from pipeline.domain.loyalty.window import Window
from pipeline.domain.loyalty_definition import REDEMPTION_EVENTS, ProgrammeDefinition
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Standing
from pipeline.domain.value.money import render


class Programme:
    """One programme: its ledger, its metric and its tiers over one `Standing`."""

    __slots__ = ("_accounts", "_currency", "_earned", "_earning", "_ledger", "_ledgers", "_manual", "_metric",
                 "_redemptions", "_rewards", "_spend", "_tiers", "definition", "ladder", "loud", "name",
                 "names")  # fmt: skip

    def __init__(self, definition: ProgrammeDefinition, plan: Plan, pricing: Pricing, zone_of: ZoneOf) -> None:
        self.definition = definition
        self.name = definition.name
        self.loud = definition.loud
        self._currency = plan.currency
        window = Window(definition, ZoneInfo(plan.timezone))
        self._earned = Metric(POINTS_EARNED, window)
        self._spend = Metric(SPEND, window)
        self._metric = Metric(definition.metric, window)
        self._accounts = Accounts(definition, ZoneInfo(plan.timezone))
        self._ledger = Ledger(definition, pricing, self._accounts)
        self.ladder = Ladder(definition, self._metric)
        self._tiers = Tiers(definition, plan, self.ladder)
        self._manual = Manual(definition, self._tiers)
        self._earning = Earning(definition, self._accounts, zone_of)
        self._redemptions = Redemptions(definition, self._accounts)
        self._rewards = Rewards(definition)
        self._ledgers = Ledgers(self._accounts.entries, definition.earn)
        self.names = self._earning.names | REDEMPTION_EVENTS | self._manual.names

    def on_event(
        self,
        shopper: Shopper,
        event: Event,
        properties: dict[str, Any],
        changes: list[OrderChange],
        moment: Moment,
        *,
        addressed: bool,
    ) -> None:
        """addressed: the event is one of ADDRESSED, and about this programme."""
        standing = shopper.standings.get(self.name)
        redeems = addressed and event.name in REDEMPTION_EVENTS
        if standing is None:
            if not self._takes(event, properties, changes, moment.now, addressed=addressed):
                if redeems:
                    self._redemptions.on_event(None, event, properties, moment)
                return
            standing = shopper.standings[self.name] = Standing()
            self._accounts.open(standing)
        before = self._metric.before(shopper, standing, changes, moment.now)
        # All changes of an event are of one order.
        case = Case(shopper, standing, moment, changes[0].order_id or None if changes else None)
        if standing.level < 0:
            self._tiers.join(case, before)
            self._earning.join(shopper, standing, moment.now)
        level = level_at(standing, event.time)
        self._accounts.look(standing, moment.now)
        self._earning.before_orders(shopper, standing, changes)
        promoting = False
        hold = self._hold(standing, moment)
        for change in changes:
            promoting = promoting or self._promoted(standing, change)
            self._ledger.book(standing, change, level, properties, moment, hold=hold)
        self._earning.on_event(shopper, standing, event, properties, changes, moment)
        if redeems:
            self._redemptions.on_event(standing, event, properties, moment)
        self._accounts.advance(standing, moment)
        if self._earning.on_confirmed(shopper, standing, moment):
            self._accounts.advance(standing, moment)
        if event.name in self._manual.names:
            self._manual.on_event(case, event, properties, addressed=addressed)
        self._tiers.settle(case, before if promoting else None)
        self._rewards.tell(standing, moment)
        _file(standing)

    def on_due(self, shopper: Shopper, moment: Moment) -> None:
        standing = shopper.standings.get(self.name)
        if standing is None:
            return
        case = Case(shopper, standing, moment)
        moved = 0 < purse_due(standing) <= moment.now
        if moved:
            self._accounts.advance(standing, moment)
        given = self._earning.on_confirmed(shopper, standing, moment)
        if self._earning.on_due(shopper, standing, moment) or given:
            self._accounts.advance(standing, moment)
            self._tiers.settle(case)
        elif moved and self._metric.is_balance:
            self._tiers.settle(case)
        if 0 < standing.due <= moment.now:
            self._manual.on_due(case)
            self._tiers.on_due(case)
            self._manual.end_lock(case)
            self._tiers.set_due(case)
        self._rewards.tell(standing, moment)
        _file(standing)

    def redeemed(self, shopper: Shopper, event: Event, properties: dict[str, Any]) -> bool:
        """Whether the redemption that an event names was in this programme."""
        standing = shopper.standings.get(self.name)
        return standing is not None and self._redemptions.knows(standing, event, properties)

    def on_profile(self, shopper: Shopper, now: int) -> None:
        standing = shopper.standings.get(self.name)
        if standing is not None:
            self._earning.look_ahead(shopper, standing, now)

    def reassess(self, shopper: Shopper, moment: Moment) -> None:
        standing = shopper.standings.get(self.name)
        if standing is not None:
            self._accounts.adapt(standing, moment.now)
            self._take_back_cancelled(shopper, standing, moment)
            self._earning.look_ahead(shopper, standing, moment.now)
            case = Case(shopper, standing, moment)
            lost = self._manual.adapt(case)
            self._tiers.adapt(case)
            if lost is not None:
                self._tiers.shift(case, *lost, TIER_GONE)
            self._tiers.settle(case)
            self._rewards.tell(standing, moment)
            _file(standing)

    def join(self, shopper: Shopper, other: Standing, refunds: list[OrderChange], moment: Moment) -> None:
        """Put the standing of another id of the same person to the shopper's: the higher tier stays until it is looked
        at next. refunds: what they do that find their order now."""
        standing = shopper.standings.get(self.name)
        joins = standing is None
        if standing is None:
            standing = shopper.standings[self.name] = Standing()
            self._accounts.open(standing)
        case = Case(shopper, standing, moment)
        if joins:
            self._tiers.join(case, 0)
            self._earning.join(shopper, standing, moment.now)
        self._accounts.look(standing, moment.now)
        self._ledgers.join(standing, other, moment)
        hold = self._hold(standing, moment)
        for change in refunds:
            self._ledger.book(standing, change, standing.held, change.told or {}, moment, hold=hold)
            if change.kind != UPDATED:
                self._earning.take_back(standing, change, moment)
        self._accounts.advance(standing, moment)
        if self._earning.on_confirmed(shopper, standing, moment):
            self._accounts.advance(standing, moment)
        self._earning.look_ahead(shopper, standing, moment.now)
        self._manual.join(case, other)
        self._tiers.raise_to(case, other.level)
        self._tiers.settle(case)
        self._rewards.tell(standing, moment)
        _file(standing)

    def leave(self, shopper: Shopper, moment: Moment) -> None:
        """The record is to be no shopper's any more: its points are another's."""
        if self.name in shopper.standings:
            self._ledgers.leave(shopper.standings[self.name], moment)

    def summary(self, shopper: Shopper) -> dict[str, Any]:
        standing = shopper.standings[self.name]
        return {
            "tier": self.tier(shopper),
            "balance": standing.balance,
            "pending": standing.purse.pending if standing.purse is not None else 0,
            "earned": self._earned.value(shopper, standing, shopper.now),
            "spend": render(self._spend.value(shopper, standing, shopper.now), self._currency),
            **self._manual.summary(standing),
        }

    def tier(self, shopper: Shopper) -> str:
        """The tier shown."""
        return self._tiers.name(shopper.standings[self.name].held)

    def _hold(self, standing: Standing, moment: Moment) -> Callable[[int], bool] | None:
        """What tells whether points of an order are held for review; None: none ever are."""
        return partial(self._earning.holds, standing, moment) if self._earning.may_hold else None

    def _takes(
        self, event: Event, properties: dict[str, Any], changes: list[OrderChange], now: int, *, addressed: bool
    ) -> bool:
        """Whether a shopper joins with the event."""
        if event.name in self._manual.names and self._manual.takes(event, properties, now, addressed=addressed):
            return True
        if changes:
            return first_completed(changes) is not None
        return self._earning.takes(event, properties) or (addressed and adjusts(event, properties))

    def _take_back_cancelled(self, shopper: Shopper, standing: Standing, moment: Moment) -> None:
        """Of cancelled orders nothing is left, of which the ledger was not told as the programme was out of the
        topology."""
        changes = [OrderChange(CANCELLED, order, "", whole=True) for order in cancelled_orders(shopper)]
        self._earning.before_orders(shopper, standing, changes)
        for change in changes:
            self._ledger.book(standing, change, standing.held, {}, moment)
            self._earning.take_back(standing, change, moment)

    def _promoted(self, standing: Standing, change: OrderChange) -> bool:
        """Whether what changed is an order that counted for the upgrade to the present level."""
        order = change.order
        return change.kind != COMPLETED and order is not None and self.ladder.counted(standing, order)


def _file(standing: Standing) -> None:
    """Pack what is old, now that nobody has any of it in hand."""
    file_lots(standing)
    file_holdings(standing)
