"""A purse: which of the points to spend go first, and which expire.

Points that expire are kept by lot, in the order in which they are spent: the earliest expiry first, then the earliest
lot (semantics.md, part 6). The others are told apart by nothing, so nothing is kept of them: they are the rest of the
balance. Below zero the balance is a debt, and what comes in pays it first.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from pipeline.domain.shopping import Holding, Purse, Standing

# Fields of one part of Redemption.parts.
PART = 4


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
    put_back(standing, [(expires, time, number, points)])


def put_back(standing: Standing, parts: Iterable[tuple[int | None, int, int, int]]) -> None:
    """As `put`, of several (expires, time, lot number, points); the first of them pay."""
    debt = max(0, -standing.balance)
    for expires, time, number, points in parts:
        usable = max(0, points - debt)
        debt -= points - usable
        if expires is not None and usable:
            _hold(purse_of(standing).holdings, Holding(expires, time, number, usable))


def take(standing: Standing, points: int, number: int = 0) -> list[int]:
    """Take points out: those of lot `number` first, then others as they are spent, then such as never expire; what is
    missing is debt. To be called before they are posted. Returns where they came from, as Redemption.parts."""
    parts: list[int] = []
    rest = points
    purse = standing.purse
    if purse is not None and purse.holdings:
        holdings = purse.holdings
        own = [one for one in holdings if one.number == number] if number else []
        for holding in (*own, *holdings):
            taken = min(rest, holding.left)
            if taken:
                holding.left -= taken
                rest -= taken
                parts += (holding.expires, holding.time, holding.number, taken)
            if not rest:
                break
        purse.holdings = [one for one in holdings if one.left]
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
    holdings = standing.purse.holdings if standing.purse is not None else []
    return max(0, standing.balance) - sum(one.left for one in holdings)


def _order(holding: Holding) -> tuple[int, int, int]:
    return holding.expires, holding.time, holding.number


def _hold(holdings: list[Holding], new: Holding) -> None:
    where = bisect_left(holdings, _order(new), key=_order)
    if where < len(holdings) and _order(holdings[where]) == _order(new):
        holdings[where].left += new.left
    else:
        holdings.insert(where, new)
