"""Expiry: when points are lost, by lot or because nothing happened, and what is told of it before (readings.md, 42).

Points that are not confirmed do not expire.
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from pipeline.domain.decision import Moment
from pipeline.domain.loyalty.entry import Entries
from pipeline.domain.loyalty.lot import fold_closed, lot_numbered, standing_points
from pipeline.domain.loyalty.lot_block import thaw_lots
from pipeline.domain.loyalty.purse import (
    expiring,
    first_expiry,
    holds,
    next_expiry,
    purse_of,
    put,
    thaw_holdings,
    unexpiring,
)
from pipeline.domain.loyalty.term import after
from pipeline.domain.loyalty.waiting import waiting_points
from pipeline.domain.loyalty_definition import ExpiryRule
from pipeline.domain.shopping import Purse, Standing
from pipeline.domain.value.calendar import Periods
from pipeline.domain.value.instant import DAY

# Points of a cancelled redemption may be spent so long at the least (semantics.md, part 6).
MINIMUM = 7 * DAY
# Lots are known so long at the least, ms: no calendar or anniversary that a metric goes by is longer.
KEPT = 366 * DAY
# Since when lots count their time to expiry, if there always was one.
_EVER = 1


class Expiry:
    """The expiry of one programme; without a rule nothing expires."""

    __slots__ = ("_entries", "_inactive", "_kept", "_lot", "_notices", "_periods", "_zone")

    def __init__(self, rule: ExpiryRule | None, zone: ZoneInfo, entries: Entries, window: int | None = None) -> None:
        """window: of the tiers' metric, ms, None = of all time."""
        self._entries = entries
        self._zone = zone
        self._kept = max(KEPT, window or 0)
        self._lot = rule.after if rule is not None else None
        self._inactive = rule.inactive if rule is not None else None
        self._periods = Periods(rule.at) if rule is not None and rule.at else None
        self._notices = rule.notices if rule is not None else ()

    def begin(self, standing: Standing) -> None:
        """A shopper joins."""
        if self._lot is not None:
            purse_of(standing).since = _EVER

    def adapt(self, standing: Standing, now: int) -> None:
        """Fit a standing to a rule that was given or taken away at `now`: under a new rule all that is there begins
        anew. Under a changed one what is left of lots keeps its instant."""
        purse = standing.purse
        before = (purse.since > 0, purse.active > 0) if purse is not None else (False, False)
        if before == (self._lot is not None, self._inactive is not None):
            return
        purse = purse_of(standing)
        thaw_holdings(standing)
        thaw_lots(standing)
        lots = [(one.time, one.number, one.left) for one in purse.holdings]
        lots += self._latest_lots(standing, unexpiring(standing))
        purse.since = now if self._lot is not None else 0
        purse.active = now if self._inactive is not None else 0
        purse.looked, purse.holdings = now, []
        for time, number, points in lots:
            put(standing, points, self.kept_until(standing, time), time, number)

    def of_lot(self, standing: Standing, time: int) -> int:
        """When a lot of `time` expires, ms; 0 if lots do not."""
        if self._lot is None:
            return 0
        since = standing.purse.since if standing.purse is not None else 0
        return self._end(after(max(time, since), self._lot, self._zone))

    def kept_until(self, standing: Standing, time: int) -> int | None:
        """What a lot of `time` is put into the purse with: its instant; 0 if all expire together; None if never."""
        return 0 if self._inactive is not None else self.of_lot(standing, time) or None

    def anew(self, standing: Standing, expires: int, time: int, now: int) -> int | None:
        """As `kept_until`, of points that come back at `now`, having been due to expire at `expires`."""
        if self._lot is None:
            return self.kept_until(standing, time)
        return max(expires or self.of_lot(standing, time), now + MINIMUM)

    def extend(self, standing: Standing, time: int) -> None:
        """Something happened at `time`, ms: inactivity counts from there."""
        if self._inactive is not None:
            purse = purse_of(standing)
            purse.active = max(purse.active, time)

    def run(self, standing: Standing, purse: Purse, moment: Moment) -> None:
        """Post what expired by now in one entry, and give the notices that are due."""
        now = moment.now
        gone, looked = 0, purse.looked or now
        idle = 0 < self._idle_until(standing, purse) <= now
        soonest = first_expiry(purse) if self._lot is not None else None
        if idle or (soonest is not None and soonest <= now):
            thaw_holdings(standing)
        at_hand = not purse.filed
        while at_hand and purse.holdings and (idle or (self._lot is not None and purse.holdings[0].expires <= now)):
            holding = purse.holdings.pop(0)
            self._mark(standing, holding.time, holding.number, holding.left)
            gone += holding.left
        self._entries.post(standing, "expired", -gone, moment, expires_at=now, balance=-gone)
        if gone:
            fold_closed(standing, now - self._kept)
        for notice in self._notices if holds(purse) or self._inactive is not None else ():
            for expires, points in self._between(standing, purse, looked + notice, now + notice):
                self._entries.post(standing, "expiring", -points, moment, expires_at=expires)
        purse.looked = now

    def due(self, standing: Standing, purse: Purse, now: int) -> int:
        """The next instant at which points expire or a notice is due, ms; 0 = none."""
        if not holds(purse) and self._inactive is None:
            return 0
        idle = self._idle_until(standing, purse)
        soonest = [idle] if idle else []
        first = first_expiry(purse) if self._lot is not None else None
        if first is not None:
            soonest.append(first)
        for notice in self._notices:
            expires = next_expiry(purse, now + notice) if self._lot is not None else None
            if expires is not None:
                soonest.append(expires - notice)
            if idle > now + notice:
                soonest.append(idle - notice)
        return min(soonest, default=0)

    def _end(self, instant: int) -> int:
        return instant if self._periods is None else self._periods.around(instant, self._zone)[1]

    def _idle_until(self, standing: Standing, purse: Purse) -> int:
        """When the whole balance expires if nothing happens; 0 if there is none, or it does not."""
        if self._inactive is None or not purse.active or standing.balance <= 0:
            return 0
        return self._end(after(purse.active, self._inactive, self._zone))

    def _between(self, standing: Standing, purse: Purse, low: int, high: int) -> Iterator[tuple[int, int]]:
        """(instant, points) of all that expires in (low, high]; one for each instant."""
        ends = expiring(purse, low, high) if self._lot is not None else {}
        idle = self._idle_until(standing, purse)
        if low < idle <= high:
            ends[idle] = standing.balance
        yield from ends.items()

    def _latest_lots(self, standing: Standing, points: int) -> list[tuple[int, int, int]]:
        """(time, number, points) of the lots that `points` are of, as the earliest are spent first; what is of no lot
        has number 0."""
        waiting = waiting_points(standing)
        found = []
        for lot in reversed(standing.lots):
            part = min(points, standing_points(lot) - waiting.get(lot.number, 0))
            if part > 0:
                found.append((lot.time, lot.number, part))
                points -= part
            if not points:
                break
        return [*found, (0, 0, points)] if points else found

    def _mark(self, standing: Standing, time: int, number: int, points: int) -> None:
        """What came back to a lot that a refund had taken meanwhile, out of others or into debt, is of those by now."""
        lot = lot_numbered(standing, time, number)
        if lot is not None:
            lot.expired += min(points, standing_points(lot) - waiting_points(standing).get(number, 0))
