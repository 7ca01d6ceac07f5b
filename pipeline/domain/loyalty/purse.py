"""A purse: which of the points to spend go first, and which expire.

Points that expire are kept by lot, in the order in which they are spent: the earliest expiry first, then the earliest
lot (semantics.md, part 6). Those that expire last are at hand in `Purse.holdings`, the others packed (block.py). The
points that do not expire are told apart by nothing, so nothing is kept of them: they are the rest of the balance. Below
zero the balance is a debt, and what comes in pays it first.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from pipeline.domain.block import Layout, columns_of, file, is_due, thaw
from pipeline.domain.loyalty.lot_block import lot_times
from pipeline.domain.shopping import Holding, Purse, Standing

# Fields of one part of Redemption.parts.
PART = 4
_EXPIRES, _LEFT = 0, 3


def purse_of(standing: Standing) -> Purse:
    """The standing's purse, made if there was none."""
    if standing.purse is None:
        standing.purse = Purse()
    return standing.purse


def purse_due(standing: Standing) -> int:
    """The next instant at which something happens to points by itself, ms; 0 = none."""
    return standing.purse.due if standing.purse is not None else 0


def put(standing: Standing, points: int, expires: int | None, time: int, number: int) -> None:
    """Take in points of a lot; what the balance is below zero is paid with them. To be called before they are posted.

    expires: ms; 0 = as all the others do, None = never. time and number: of the lot.
    """
    if expires is not None:
        put_back(standing, [(expires, time, number, points)])


def put_back(standing: Standing, parts: Iterable[tuple[int | None, int, int, int]]) -> None:
    """As `put`, of several (expires, time, lot number, points); the first of them pay."""
    debt = max(0, -standing.balance)
    for expires, time, number, points in parts:
        usable = max(0, points - debt)
        debt -= points - usable
        if expires is not None and usable:
            _hold(standing, Holding(expires, time, number, usable))


def take(standing: Standing, points: int, number: int = 0) -> list[int]:
    """Take points out: those of lot `number` first, then others as they are spent, then such as never expire; what is
    missing is debt. To be called before they are posted. Returns where they came from, as Redemption.parts."""
    parts: list[int] = []
    rest = points
    purse = standing.purse
    if purse is not None and points:
        own = [one for one in purse.holdings if one.number == number] if number else []
        if purse.filed and sum(one.left for one in own) < points:
            thaw_holdings(standing)
            own = [one for one in purse.holdings if one.number == number] if number else []
        for holding in (*own, *purse.holdings):
            taken = min(rest, holding.left)
            if taken:
                holding.left -= taken
                rest -= taken
                parts += (holding.expires, holding.time, holding.number, taken)
            if not rest:
                break
        purse.holdings = [one for one in purse.holdings if one.left]
    if rest:
        parts += (0, 0, 0, rest)
    return parts


def parts_of(parts: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """(expires, time, lot number, points) of each part."""
    for at in range(0, len(parts), PART):
        expires, time, number, points = parts[at : at + PART]
        yield expires, time, number, points


def unexpiring(standing: Standing) -> int:
    """Points to spend that no lot is known of, as they never expire."""
    return max(0, standing.balance) - (0 if standing.purse is None else points_held(standing.purse))


def points_held(purse: Purse) -> int:
    return sum(one.left for one in purse.holdings) + sum(block.sums[0] for block in purse.filed)


def holds(purse: Purse) -> bool:
    """Whether there are points of which it is kept when they expire."""
    return bool(purse.holdings or purse.filed)


def first_expiry(purse: Purse) -> int | None:
    """When the first points expire, ms; None: none do."""
    if purse.filed:
        return purse.filed[0].first
    return purse.holdings[0].expires if purse.holdings else None


def next_expiry(purse: Purse, after: int) -> int | None:
    """When the first points expire later than `after`, ms; None: none do."""
    for block in purse.filed:
        if block.first > after:
            return block.first
        if block.last > after:
            (expires,) = columns_of(block, _EXPIRES)
            return expires[bisect_right(expires, after)]
    where = bisect_right(purse.holdings, after, key=_expires)
    return purse.holdings[where].expires if where < len(purse.holdings) else None


def expiring(purse: Purse, low: int, high: int) -> dict[int, int]:
    """Points by the instant at which they expire, of those in (low, high], in order."""
    ends: dict[int, int] = {}
    for expires, left in _held(purse, low, high):
        ends[expires] = ends.get(expires, 0) + left
    return ends


def thaw_holdings(standing: Standing, since: int | None = None) -> None:
    """Have all holdings at hand that expire at `since`, ms, or later; all without it."""
    purse = standing.purse
    if purse is not None and purse.filed:
        thaw(_layout(standing), purse.filed, purse.holdings, since)


def file_holdings(standing: Standing) -> None:
    """Pack all but those that expire last. To be called when nobody has one in hand any more. Until they are thawed no
    lot of theirs may go."""
    purse = standing.purse
    if purse is not None and is_due(purse.holdings):
        file(_layout(standing), purse.filed, purse.holdings)


def _held(purse: Purse, low: int, high: int) -> Iterator[tuple[int, int]]:
    """(expires, points) of all that expire in (low, high]."""
    for block in purse.filed:
        if block.first > high:
            return
        if block.last > low:
            (expires,) = columns_of(block, _EXPIRES)
            start, end = bisect_right(expires, low), bisect_right(expires, high)
            if start < end:
                yield from zip(expires[start:end], columns_of(block, _LEFT)[0][start:end], strict=True)
    holdings = purse.holdings
    for at in range(bisect_right(holdings, low, key=_expires), len(holdings)):
        if holdings[at].expires > high:
            break
        yield holdings[at].expires, holdings[at].left


def _order(holding: Holding) -> tuple[int, int, int]:
    return holding.expires, holding.time, holding.number


def _hold(standing: Standing, new: Holding) -> None:
    purse = purse_of(standing)
    holdings = purse.holdings
    if not holdings or _order(new) < _order(holdings[0]):
        thaw_holdings(standing, new.expires)
    where = bisect_left(holdings, _order(new), key=_order)
    if where < len(holdings) and _order(holdings[where]) == _order(new):
        holdings[where].left += new.left
    else:
        holdings.insert(where, new)


def _expires(holding: Holding) -> int:
    return holding.expires


def _sums(holdings: Sequence[Holding]) -> list[int]:
    return [sum(one.left for one in holdings)]


def _layout(standing: Standing) -> Layout[Holding]:
    """Times are kept where they are not those of the lots."""
    times = lot_times(standing)

    def split(one: Holding) -> tuple[int, ...]:
        return one.expires, one.time - times.get(one.number, 0), one.number, one.left

    def join(expires: int, time: int, number: int, left: int) -> Holding:
        return Holding(expires, time + times.get(number, 0), number, left)

    return Layout(at=_expires, sums=_sums, split=split, join=join)
