"""Missions and streaks: orders in several periods of the calendar."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.commerce.order_book import latest_orders, stands
from pipeline.domain.loyalty.anniversary import ZoneOf
from pipeline.domain.loyalty.bonus import Grant, compiled
from pipeline.domain.loyalty.limit import admits
from pipeline.domain.loyalty_definition import EarnRule, Mission
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Order
from pipeline.domain.value.calendar import GREATEST_DAYS, Periods
from pipeline.domain.value.instant import DAY


class Missions:
    """Looks for the periods of one mission in an order book."""

    __slots__ = ("_in_a_row", "_needed", "_periods", "_reach")

    def __init__(self, mission: Mission) -> None:
        self._periods = Periods(mission.unit)
        self._needed = mission.periods
        self._in_a_row = mission.in_a_row
        self._reach = mission.periods * (GREATEST_DAYS[mission.unit] + 1) * DAY

    def fulfilled(self, orders: Iterable[Order], at: int, since: int, zone: ZoneInfo) -> int:
        """The end (ms) of the last period that fulfils it with an order of event time `at`, 0 if none does. orders: the
        latest first; only those from `since` (event time, ms) on count. What is looked at is no more than the mission's
        periods hold."""
        until = at + self._reach if self._in_a_row else None
        if self._in_a_row:
            since = max(since, at - self._reach)
        latest_end, begun, found = 0, 0, 0
        for order in orders:
            if order.time < since:
                break
            if not stands(order) or (found and order.time >= begun) or (until is not None and order.time > until):
                continue
            begin, end = self._periods.around(order.time, zone)
            if self._in_a_row and found and end != begun:
                found = 0
            if not found:
                latest_end = end
            begun, found = begin, found + 1
            if found == self._needed:
                return latest_end
        return 0


class MissionRules:
    """The missions of a programme. Keeps `BonusBook.missions`: periods count for one grant only."""

    __slots__ = ("_rules", "_zone_of")

    def __init__(self, rules: Iterable[EarnRule], zone_of: ZoneOf) -> None:
        missions = compiled(rule for rule in rules if rule.mission is not None)
        self._rules = [(bonus, Missions(bonus.rule.mission)) for bonus in missions if bonus.rule.mission is not None]
        self._zone_of = zone_of

    def __bool__(self) -> bool:
        return bool(self._rules)

    def grants(self, shopper: Shopper, book: BonusBook, at: int) -> list[Grant]:
        """What is earned now that an order of event time `at` (ms) is in the order book."""
        found = []
        for bonus, mission in self._rules:
            if not bonus.is_in_force(at) or not admits(book.granted.get(bonus.key, []), at, bonus.rule.limit):
                continue
            since = max(bonus.rule.start, book.missions.get(bonus.key, 0))
            end = mission.fulfilled(latest_orders(shopper), at, since, self._zone_of(shopper))
            grant = bonus.grant(book, at, end) if end else None
            if grant is not None:
                book.missions[bonus.key] = end
                found.append(grant)
        return found
