"""Loyalty programmes: points on orders, and the tiers that they carry a shopper through (readings.md, 40-45, 53)."""

from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.commerce.order import COMPLETED, IGNORED, PARKED, OrderChange, identifier
from pipeline.domain.commerce.pricing import Pricing
from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.loyalty.account import Accounts
from pipeline.domain.loyalty.anniversary import ZoneOf
from pipeline.domain.loyalty.earning import Earning
from pipeline.domain.loyalty.ladder import Ladder
from pipeline.domain.loyalty.ledger import Ledger
from pipeline.domain.loyalty.manual import Manual
from pipeline.domain.loyalty.metric import POINTS_EARNED, SPEND, Metric
from pipeline.domain.loyalty.purse import purse_due
from pipeline.domain.loyalty.redemption import Redemptions, adjusts
from pipeline.domain.loyalty.reward import Rewards
from pipeline.domain.loyalty.tenure import level_at
from pipeline.domain.loyalty.tier import Tiers
from pipeline.domain.loyalty.tier_line import Case
from pipeline.domain.loyalty.window import Window
from pipeline.domain.loyalty_definition import (
    OCCASIONS,
    POINTS_ADJUSTED,
    REDEMPTION_EVENTS,
    TIER_EVENTS,
    ProgrammeDefinition,
)
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Standing
from pipeline.domain.value.money import Exchange, render

ADDRESSED = REDEMPTION_EVENTS | TIER_EVENTS
"""Events that are about one programme."""


class Loyalty:
    """All programmes of a plan. Keeps `Shopper.standings`, and `Shopper.loyalty_due` right after each call."""

    __slots__ = ("_has_days", "_programmes", "names")

    def __init__(self, plan: Plan, watch_zones: Callable[[], ZoneOf] | None = None) -> None:
        """watch_zones: has the zones of the shoppers kept, asked only if something goes by them. None: all live in the
        shop's."""
        pricing = Pricing(Exchange(plan.currency, plan.rates))
        by_zone = any(rule.on in OCCASIONS for programme in plan.programmes for rule in programme.earn)
        self._has_days = by_zone
        shop = ZoneInfo(plan.timezone)
        zone_of = watch_zones() if watch_zones is not None and by_zone else lambda _: shop
        self._programmes = [Programme(definition, plan, pricing, zone_of) for definition in plan.programmes]
        self.names = frozenset(name for programme in self._programmes for name in programme.names)

    def on_event(
        self, shopper: Shopper, event: Event, properties: dict[str, Any], changes: list[OrderChange], moment: Moment
    ) -> None:
        """Book what an event earns, and what one of orders did to the order book (`Orders.fold`); then look at the
        tiers once."""
        changes = [change for change in changes if change.kind not in (IGNORED, PARKED)]
        if self._programmes and (changes or event.name in self.names):
            if event.name == POINTS_ADJUSTED and properties.get("silent") is True:
                # An opening balance: what it makes of the shopper is nothing to write to them about.
                moment.silent = True
            told = self._addressed(event, properties)
            if told is not None and all(programme.name != told for programme in self._programmes):
                moment.remarks.append("unknown_programme")
            for programme in self._programmes:
                programme.on_event(shopper, event, properties, changes, moment, addressed=programme.name == told)
            self._set_due(shopper)

    def on_profile(self, shopper: Shopper, now: int) -> None:
        """Find anew when days of the shopper are, as a trait or the zone has changed."""
        if self._has_days and shopper.shopping is not None:
            for programme in self._programmes:
                programme.on_profile(shopper, now)
            self._set_due(shopper)

    def on_due(self, shopper: Shopper, moment: Moment) -> None:
        """Do what is due at `moment.now`: the end of a term or a grace, orders that leave a rolling window."""
        if 0 < shopper.loyalty_due <= moment.now:
            for programme in self._programmes:
                programme.on_due(shopper, moment)
            self._set_due(shopper)

    def reassess(self, shopper: Shopper, moment: Moment) -> None:
        """Look at all tiers anew, as when the plan changed. Points earned stay as they are; standings of programmes
        that are gone rest."""
        if shopper.standings:
            for programme in self._programmes:
                told = len(moment.decisions)
                programme.reassess(shopper, moment)
                if programme.loud:
                    for decision in moment.decisions[told:]:
                        decision.silent = False
            self._set_due(shopper)

    def summary(self, shopper: Shopper) -> dict[str, dict[str, Any]]:
        """Per programme that the shopper is in: `tier`, `balance` and `pending` points; `earned` points and `spend`
        (money) as the programme's window holds them at `shopper.now`."""
        return {
            programme.name: programme.summary(shopper)
            for programme in self._programmes
            if programme.name in shopper.standings
        }

    def _addressed(self, event: Event, properties: dict[str, Any]) -> str | None:
        """The programme that an event of ADDRESSED is about: the one it names, or the only one; "" = none."""
        if event.name not in ADDRESSED:
            return None
        only = self._programmes[0].name if len(self._programmes) == 1 else ""
        return identifier(properties.get("programme", only))

    def _set_due(self, shopper: Shopper) -> None:
        due = 0
        for programme in self._programmes:
            standing = shopper.standings.get(programme.name)
            if standing is not None:
                due = min((one for one in (due, standing.due, standing.points_due()) if one), default=0)
        shopper.loyalty_due = due


class Programme:
    """One programme: its ledger, its metric and its tiers over one `Standing`."""

    __slots__ = ("_accounts", "_currency", "_earned", "_earning", "_ladder", "_ledger", "_manual", "_metric",
                 "_redemptions", "_rewards", "_spend", "_tiers", "loud", "name", "names")  # fmt: skip

    def __init__(self, definition: ProgrammeDefinition, plan: Plan, pricing: Pricing, zone_of: ZoneOf) -> None:
        self.name = definition.name
        self.loud = definition.loud
        self._currency = plan.currency
        window = Window(definition, ZoneInfo(plan.timezone))
        self._earned = Metric(POINTS_EARNED, window)
        self._spend = Metric(SPEND, window)
        self._metric = Metric(definition.metric, window)
        self._accounts = Accounts(definition, ZoneInfo(plan.timezone))
        self._ledger = Ledger(definition, pricing, self._accounts)
        self._ladder = Ladder(definition, self._metric)
        self._tiers = Tiers(definition, plan, self._ladder)
        self._manual = Manual(definition, self._tiers)
        self._earning = Earning(definition, self._accounts, zone_of)
        self._redemptions = Redemptions(definition, self._accounts)
        self._rewards = Rewards(definition)
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
        case = Case(shopper, standing, moment, next((one.order_id for one in changes if one.order_id), None))
        if standing.level < 0:
            self._tiers.join(case, before)
            self._earning.join(shopper, standing, moment.now)
        level = level_at(standing, event.time)
        self._accounts.look(standing, moment.now)
        self._earning.before_orders(shopper, standing, changes)
        promoting = False
        hold = partial(self._earning.holds, standing, moment) if self._earning.may_hold else None
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

    def on_profile(self, shopper: Shopper, now: int) -> None:
        standing = shopper.standings.get(self.name)
        if standing is not None:
            self._earning.look_ahead(shopper, standing, now)

    def reassess(self, shopper: Shopper, moment: Moment) -> None:
        standing = shopper.standings.get(self.name)
        if standing is not None:
            self._accounts.adapt(standing, moment.now)
            self._earning.look_ahead(shopper, standing, moment.now)
            case = Case(shopper, standing, moment)
            self._manual.adapt(case)
            self._tiers.adapt(case)
            self._tiers.settle(case)
            self._rewards.tell(standing, moment)

    def summary(self, shopper: Shopper) -> dict[str, Any]:
        standing = shopper.standings[self.name]
        return {
            "tier": self._tiers.name(standing.held),
            "balance": standing.balance,
            "pending": standing.purse.pending if standing.purse is not None else 0,
            "earned": self._earned.value(shopper, standing, shopper.now),
            "spend": render(self._spend.value(shopper, standing, shopper.now), self._currency),
        }

    def _takes(
        self, event: Event, properties: dict[str, Any], changes: list[OrderChange], now: int, *, addressed: bool
    ) -> bool:
        """Whether a shopper joins with the event."""
        if event.name in self._manual.names and self._manual.takes(event, properties, now, addressed=addressed):
            return True
        if changes:
            return any(map(_counts, changes))
        return self._earning.takes(event, properties) or (addressed and adjusts(event, properties))

    def _promoted(self, standing: Standing, change: OrderChange) -> bool:
        """Whether what changed is an order that counted for the upgrade to the present level."""
        order = change.order
        return change.kind != COMPLETED and order is not None and self._ladder.counted(standing, order)


def _counts(change: OrderChange) -> bool:
    """Whether the programme takes the change as one to join with: an order cancelled beforehand counts for nothing."""
    return change.kind == COMPLETED and change.order is not None and not change.order.cancelled
