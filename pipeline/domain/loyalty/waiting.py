"""What waits: points of lots that are not confirmed yet, or are held until somebody has looked at them.

Of one lot both may wait, each in one row: what a new price adds may be held while the first points are not.
"""

from bisect import insort
from collections.abc import Iterable

from pipeline.domain.loyalty.purse import purse_of
from pipeline.domain.shopping import Lot, Standing, Waiting


def wait(standing: Standing, waiting: Waiting) -> None:
    """Have points wait, in order of confirmation."""
    insort(purse_of(standing).waiting, waiting, key=lambda one: (one.confirms, one.number))


def waiting_of(standing: Standing, lot: Lot, *, held: bool) -> Waiting | None:
    """What waits of the lot for its time, or is `held`."""
    for waiting in standing.purse.waiting if standing.purse is not None else ():
        if waiting.number == lot.number and waiting.held == held:
            return waiting
    return None


def withdraw(standing: Standing, lot: Lot, points: int) -> tuple[int, int]:
    """Take up to `points` out of what waits of a lot, first of what is held: (of that, of the rest)."""
    taken = []
    for held in (True, False):
        waiting = waiting_of(standing, lot, held=held)
        part = 0 if waiting is None else min(points, waiting.points)
        if waiting is not None:
            waiting.points -= part
            points -= part
            if not waiting.points:
                purse_of(standing).waiting.remove(waiting)
        taken.append(part)
    return taken[0], taken[1]


def let_go(standing: Standing, lot: Lot) -> int:
    """Have what is held of a lot wait for its time, with what waits already; how much it was."""
    held, waiting = waiting_of(standing, lot, held=True), waiting_of(standing, lot, held=False)
    if held is None:
        return 0
    if waiting is None:
        held.held = False
    else:
        waiting.points += held.points
        purse_of(standing).waiting.remove(held)
    return held.points


def waiting_points(standing: Standing) -> dict[int, int]:
    """Points that wait, by number of their lot."""
    return _by_lot(standing.purse.waiting if standing.purse is not None else ())


def held_points(standing: Standing) -> dict[int, int]:
    """Those of them that are held for review, which count for no tier until they are released."""
    return _by_lot([one for one in standing.purse.waiting if one.held] if standing.purse is not None else ())


def _by_lot(waiting: Iterable[Waiting]) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in waiting:
        found[one.number] = found.get(one.number, 0) + one.points
    return found
