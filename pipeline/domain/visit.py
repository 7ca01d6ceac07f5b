"""Visits (sessions): runs of behaviour without a gap of more than 30 minutes (readings.md, 49).

Visits that a late event may still extend or join are kept as (start, end) pairs in `Shopper.recent_visits`, so that
their number does not depend on the order of arrival; older ones are only counted.
"""

from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import MINUTE

GAP = 30 * MINUTE


def fold_visit(shopper: Shopper, at: int, horizon: int) -> None:
    """Take in behaviour at event time `at` (ms). horizon: no event older than this is still accepted, ms."""
    visits = shopper.recent_visits
    if visits and visits[-2] <= at <= visits[-1] + GAP:
        if at > visits[-1]:
            visits[-1] = at
        return
    if not visits or at > visits[-1]:
        visits += (at, at)
        shopper.sessions += 1
        while visits[1] + GAP < horizon:
            del visits[:2]
        return
    _fold_late(shopper, at)


def _fold_late(shopper: Shopper, at: int) -> None:
    visits = shopper.recent_visits
    index = len(visits)
    while index and visits[index - 2] > at:
        index -= 2
    joins_before = index > 0 and at <= visits[index - 1] + GAP
    joins_after = index < len(visits) and visits[index] <= at + GAP
    if joins_before and joins_after:
        visits[index - 1] = visits[index + 1]
        del visits[index : index + 2]
        shopper.sessions -= 1
    elif joins_before:
        visits[index - 1] = max(visits[index - 1], at)
    elif joins_after:
        visits[index] = at
    else:
        visits[index:index] = (at, at)
        shopper.sessions += 1
