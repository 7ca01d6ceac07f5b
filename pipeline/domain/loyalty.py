"""Loyalty programmes: points on orders, and the tiers that they carry a shopper through (readings.md, 40-45, 53)."""

from typing import Any

from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.order import OrderChange
from pipeline.domain.shopper import Shopper


class Loyalty:
    """All programmes of a plan."""

    __slots__ = ("_plan",)

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def on_order(
        self, shopper: Shopper, event: Event, properties: dict[str, Any], changes: list[OrderChange], moment: Moment
    ) -> None:
        """Book what an order event did to the order book, then look at the tiers."""

    def on_due(self, shopper: Shopper, moment: Moment) -> None:
        """Do what is due at `moment.now`."""

    def reassess(self, shopper: Shopper, moment: Moment) -> None:
        """Look at all tiers anew, after the plan changed."""

    def summary(self, shopper: Shopper) -> dict[str, dict[str, Any]]:
        """Per programme, as the profile shows it."""
        return {}
