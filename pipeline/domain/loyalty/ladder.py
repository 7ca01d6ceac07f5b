"""The ladder: which level a metric has come to, and which it has lost."""

import msgspec

from pipeline.domain.loyalty.lot import find_lot
from pipeline.domain.loyalty.metric import Metric
from pipeline.domain.loyalty.tenure import floor_of
from pipeline.domain.loyalty.tier_line import Case
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopping import Order, Standing


class Measure(msgspec.Struct, frozen=True, gc=False):
    """The metric at an instant. begin: from when on it counted, ms; None: ever."""

    value: int
    begin: int | None


class Ladder:
    """The levels of one programme and its metric. Levels that are only granted are on it, but no metric leads there."""

    __slots__ = ("_downgrade", "_reachable", "_start", "keep", "metric", "names")

    def __init__(self, programme: ProgrammeDefinition, metric: Metric) -> None:
        self.metric = metric
        self.names = [level.name for level in programme.levels]
        self.keep = [level.kept_at for level in programme.levels]
        self._start = [level.start for level in programme.levels]
        reachable = [(level, start) for level, start in enumerate(self._start) if level and start is not None]
        self._reachable = tuple(reversed(reachable))
        self._downgrade = programme.downgrade

    def start(self, level: int) -> int | None:
        """Metric at which the level is reached; None of one that is only granted."""
        return self._start[level]

    def measure(self, case: Case, *, closing: bool = False) -> Measure:
        """closing: at the very end of a period it is that of the period that ends."""
        standing, at = case.standing, case.now
        if closing and self.metric.window.has_periods:
            at -= 1
        return Measure(self.metric.value(case.shopper, standing, at), self.begin(standing, at))

    def begin(self, standing: Standing, at: int) -> int | None:
        """From when on (ms) the metric counts at an instant; None: ever."""
        return None if self.metric.is_balance else self.metric.window.begin(standing, at)

    def keeps(self, level: int, value: int) -> bool:
        keep = self.keep[level]
        return keep is not None and value >= keep

    def qualified(self, value: int) -> int:
        """The highest level that the metric reaches."""
        for level, start in self._reachable:
            if value >= start:
                return level
        return 0

    def next_below(self, level: int) -> int:
        """The next level below that the metric leads to."""
        return max((below for below in range(level) if self._start[below] is not None), default=0)

    def below(self, standing: Standing, value: int) -> int:
        """The level that a lost one gives way to."""
        lower = self.next_below(standing.level)
        if self._downgrade != "one_level":
            lower = min(self.qualified(value), lower)
        return max(floor_of(standing), lower)

    def counted(self, standing: Standing, order: Order) -> bool:
        """Whether the order counted for the upgrade to the present level. One without a lot is older than the
        programme, or its lot is closed: it was there at the upgrade if it is not younger."""
        if not standing.promoted_at:
            return False
        tenure, window = standing.tenure, self.metric.window
        if window.has_periods and tenure is not None and tenure.promoted_until:
            begin: int | None = tenure.promoted_since
        else:
            begin = window.begin(standing, standing.promoted_at)
        if begin is not None and order.time < begin:
            return False
        lot = find_lot(standing, order)
        return order.time <= standing.promoted_at if lot is None else lot.number <= standing.promoted_lots

    def is_undone(self, case: Case, lost_from: int, value: int) -> bool:
        """Whether what brought the level is not enough for it any more: neither now, nor in the period of then."""
        standing = case.standing
        start, tenure = self._start[standing.level], standing.tenure
        if start is None or value >= start:
            return False
        if not self.metric.window.has_periods or tenure is None or not tenure.promoted_until:
            return lost_from >= start
        begin, end = tenure.promoted_since, tenure.promoted_until
        return self.metric.between(case.shopper, standing, begin, end) < start
