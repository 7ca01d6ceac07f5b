"""Bonuses of a day: birthdays and anniversaries, by timer at 00:00 in the shopper's zone (readings.md, 43)."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.loyalty.anniversary import Day, ZoneOf, day_of, local_day, local_year, next_after
from pipeline.domain.loyalty.bonus import Bonus, Grant, compiled
from pipeline.domain.loyalty_definition import ANNIVERSARY, BIRTHDAY, EarnRule
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.path import reach


class Occasions:
    """Keeps `BonusBook.days` and `due`. Each year earns once, however often the date or the zone is changed."""

    __slots__ = ("_bonuses", "_zone_of")

    def __init__(self, rules: Iterable[EarnRule], zone_of: ZoneOf) -> None:
        self._bonuses = compiled(rule for rule in rules if rule.on in (BIRTHDAY, ANNIVERSARY))
        self._zone_of = zone_of

    def __bool__(self) -> bool:
        return bool(self._bonuses)

    def set_due(self, shopper: Shopper, book: BonusBook, now: int) -> None:
        """Find the next of each day after `now`, ms: of a member, when a trait, the zone or the rules are others."""
        zone, days = self._zone_of(shopper), {}
        for bonus in self._bonuses:
            day, least = self._day(bonus, shopper, book, zone)
            _, _, granted = book.days.get(bonus.key, (0, 0, 0))
            if day is not None:
                days[bonus.key] = [*next_after(day, zone, now, max(granted, least)), granted]
            elif granted:
                days[bonus.key] = [0, 0, granted]
        book.days = days
        book.due = min((due for due, _, _ in days.values() if due), default=0)

    def on_due(self, shopper: Shopper, book: BonusBook, now: int) -> list[Grant]:
        """What the days that have begun by `now` earn."""
        found = []
        for bonus in self._bonuses:
            due, year, _ = book.days.get(bonus.key, (0, 0, 0))
            if 0 < due <= now:
                book.days[bonus.key] = [0, 0, year]
                if bonus.is_in_force(due):
                    found.append(bonus.sum_of(due, year))
        self.set_due(shopper, book, now)
        return found

    def _day(self, bonus: Bonus, shopper: Shopper, book: BonusBook, zone: ZoneInfo) -> tuple[Day | None, int]:
        """The day, None if nothing tells it; and the year that is too early for it."""
        rule = bonus.rule
        if rule.on == ANNIVERSARY:
            return (local_day(book.joined, zone), local_year(book.joined, zone)) if book.joined else (None, 0)
        trait = shopper.traits.get(rule.trait[0])
        dates = reach({rule.trait[0]: trait.value}, rule.trait) if trait is not None else []
        return (day_of(dates[0], zone) if dates else None), 0
