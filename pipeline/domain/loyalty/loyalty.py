"""Loyalty programmes: points on orders, and the tiers that they carry a shopper through (readings.md, 40-45, 53)."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.commerce.order import IGNORED, PARKED, OrderChange, identifier
from pipeline.domain.commerce.pricing import Pricing
from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.loyalty.anniversary import ZoneOf
from pipeline.domain.loyalty.programme import Programme
from pipeline.domain.loyalty_definition import (
    OCCASIONS,
    POINTS_ADJUSTED,
    REDEMPTION_CANCELLED,
    REDEMPTION_EVENTS,
    TIER_EVENTS,
)
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Standing
from pipeline.domain.value.instant import soonest
from pipeline.domain.value.money import Exchange

ADDRESSED = REDEMPTION_EVENTS | TIER_EVENTS
"""Events that are about one programme."""

# With `silent: true`.
_OPENING = TIER_EVENTS | {POINTS_ADJUSTED}


class Loyalty:
    """All programmes of a plan. Keeps `Shopper.standings`, and `Shopper.loyalty_due` right after each call."""

    __slots__ = ("_by_name", "_has_days", "_programmes", "names")

    def __init__(self, plan: Plan, watch_zones: Callable[[], ZoneOf] | None = None) -> None:
        """watch_zones: has the zones of the shoppers kept, asked only if something goes by them. None: all live in the
        shop's."""
        pricing = Pricing(Exchange(plan.currency, plan.rates))
        by_zone = any(rule.on in OCCASIONS for programme in plan.programmes for rule in programme.earn)
        self._has_days = by_zone
        shop = ZoneInfo(plan.timezone)
        zone_of = watch_zones() if watch_zones is not None and by_zone else lambda _: shop
        self._programmes = [Programme(definition, plan, pricing, zone_of) for definition in plan.programmes]
        self._by_name = {programme.name: programme for programme in self._programmes}
        self.names = frozenset(name for programme in self._programmes for name in programme.names)

    def programme(self, name: str) -> Programme:
        """Raises KeyError."""
        return self._by_name[name]

    def on_event(
        self, shopper: Shopper, event: Event, properties: dict[str, Any], changes: list[OrderChange], moment: Moment
    ) -> None:
        """Book what an event earns, and what one of orders did to the order book (`Orders.fold`); then look at the
        tiers once."""
        changes = [change for change in changes if change.kind not in (IGNORED, PARKED)]
        if self._programmes and (changes or event.name in self.names):
            if event.name in _OPENING and properties.get("silent") is True:
                # An opening balance or tier: what it makes of the shopper is nothing to write to them about.
                moment.silent = True
            addressed = self._addressed(shopper, event, properties, moment) if event.name in ADDRESSED else []
            for programme in self._programmes:
                programme.on_event(shopper, event, properties, changes, moment, addressed=programme in addressed)
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

    def join(self, shopper: Shopper, other: Shopper, refunds: list[OrderChange], moment: Moment) -> None:
        """Put the standings of another id of the same person to the shopper's; see Programme.join."""
        for programme in self._programmes:
            standing = other.standings.get(programme.name) or (Standing() if refunds else None)
            if standing is not None and (standing.level >= 0 or programme.name in shopper.standings):
                programme.join(shopper, standing, refunds, moment)
        self._set_due(shopper)

    def leave(self, shopper: Shopper, moment: Moment) -> None:
        """The record is to be no shopper's any more."""
        for programme in self._programmes:
            programme.leave(shopper, moment)

    def summary(self, shopper: Shopper) -> dict[str, dict[str, Any]]:
        """Per programme that the shopper is in: `tier`, `balance` and `pending` points; `earned` points and `spend`
        (money) as the programme's window holds them at `shopper.now`."""
        return {
            programme.name: programme.summary(shopper)
            for programme in self._programmes
            if programme.name in shopper.standings
        }

    def tiers(self, shopper: Shopper) -> dict[str, str]:
        """The tier shown in each programme that the shopper is in."""
        return {one.name: one.tier(shopper) for one in self._programmes if one.name in shopper.standings}

    def _addressed(self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment) -> list[Programme]:
        """The programmes that an event of ADDRESSED is about: the one it names, or the only one; a cancellation
        that names none is of the one that knows the redemption, or else of all."""
        programmes = self._programmes
        if properties.get("programme") is not None:
            programmes = [one for one in programmes if one.name == identifier(properties["programme"])]
        elif event.name == REDEMPTION_CANCELLED:
            programmes = [one for one in programmes if one.redeemed(shopper, event, properties)] or programmes
        elif len(programmes) > 1:
            programmes = []
        if not programmes:
            moment.remarks.append("unknown_programme")
        return programmes

    def _set_due(self, shopper: Shopper) -> None:
        due, standings = 0, shopper.standings
        for programme in self._programmes:
            standing = standings.get(programme.name)
            if standing is not None:
                due = soonest(due, standing.next_due())
        shopper.loyalty_due = due
