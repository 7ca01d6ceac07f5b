"""Lots: what each order, and each bonus, earned in a programme, and which part of it its refunds ask for.

Every order that a programme takes has one lot, also if it earned nothing: a refund may come at any age. Where lots
expire, those of which nothing is left are forgotten after a year. There are no more lots than orders (order_book.py),
the latest of them at hand in `Standing.lots`, the others packed (lot_block.py); lines (10 bytes each) are kept of the
LOTS_WITH_LINES latest lots.
"""

from bisect import bisect_left, insort

from pipeline.domain.block import number_of_rows
from pipeline.domain.commerce.order import OrderChange
from pipeline.domain.commerce.order_book import ORDERS
from pipeline.domain.decision import Moment
from pipeline.domain.loyalty.lot_block import drop_first, is_of, name_anew, thaw_lots
from pipeline.domain.loyalty.purse import thaw_holdings
from pipeline.domain.shopping import Lot, Order, Standing

# A refund by lines of an older order is taken pro rata of its amount; wholesalers' orders, of hundreds of products, are
# older once the lines of all orders would be more than these.
LOTS_WITH_LINES = 100
LINES_IN_ALL = 20_000
# Nor are lines kept of an order of more products, which is counted as `order_line_limit`. The longest of Online Retail
# has 1,114.
LINES = 2_000
# Points of one lot, so that those of all lots stay within 64 bits; more are counted as `points_limit`.
MOST = 10**12
# So many lots keep their lines however long they are.
_FEW = LINES_IN_ALL // LINES
# Fields of one line in Lot.lines.
WIDTH = 4


def add_lot(standing: Standing, lot: Lot) -> None:
    """Give the lot its place. Of more than ORDERS lots the oldest is forgotten, and lines of all but the latest."""
    lots, filed = standing.lots, standing.filed_lots
    if filed and (not lots or _position(lot) < _position(lots[0])):
        thaw_lots(standing, lot.time)
    if not lots or _position(lots[-1]) < _position(lot):
        lots.append(lot)
    else:
        insort(lots, lot, key=_position)
    if number_of_rows(filed, lots) > ORDERS:
        thaw_holdings(standing)
        drop_first(standing)
    _forget_lines(standing)


def find_lot(standing: Standing, order: Order) -> Lot | None:
    """The order's lot; None if it came before the shopper was in the programme."""
    lot = lot_at(standing, order.time, order.key)
    if lot is not None:
        name_anew(lot, order.key)
    return lot


def lot_at(standing: Standing, time: int, key: int) -> Lot | None:
    """The lot of that time (ms) whose `order` is `key`."""
    thaw_lots(standing, time)
    lots = standing.lots
    for at in range(bisect_left(lots, (time, 0), key=_position), len(lots)):
        if lots[at].time != time:
            break
        if is_of(lots[at], key):
            return lots[at]
    return None


def lot_numbered(standing: Standing, time: int, number: int) -> Lot | None:
    """The lot of that time (ms) and number; None if it is forgotten, or number is 0."""
    thaw_lots(standing, time)
    lots = standing.lots
    for at in range(bisect_left(lots, (time, 0), key=_position), len(lots)):
        if lots[at].time != time:
            break
        if lots[at].number == number:
            return lots[at]
    return None


def lot_name(lot: Lot) -> str:
    """The lot as entries name it."""
    return f"{lot.order:016x}"


def left_of(lot: Lot) -> int:
    """Points that refunds have not asked for yet."""
    return lot.points - lot.reversed - lot.forgone


def bounded(points: int, moment: Moment) -> int:
    """At most MOST points. Remark: `points_limit`."""
    if points > MOST:
        moment.remarks.append("points_limit")
    return min(MOST, points)


def standing_points(lot: Lot) -> int:
    """Those of them that have not expired either, spent or not."""
    return left_of(lot) - lot.expired


def fold_closed(standing: Standing, before: int) -> None:
    """Forget the lots older than `before`, ms, of which nothing is left: a refund would take nothing, and `earned` and
    the balance have what they came to."""
    thaw_holdings(standing)
    thaw_lots(standing)
    lots = standing.lots
    old = bisect_left(lots, (before, 0), key=_position)
    if old:
        lots[:old] = [lot for lot in lots[:old] if standing_points(lot) or not lot.points]


def asked_for(lot: Lot, change: OrderChange, order: Order) -> int:
    """Points that a refund asks for: by its lines, else the part of the eligible amount refunded so far, rounded down,
    less what refunds asked for before. Never more than the lot has left for them."""
    left = left_of(lot)
    if change.whole:
        return left
    if change.lines and lot.lines:
        taken = _return_lines(lot.lines, change.lines)
        if taken is not None:
            return min(left, taken)
    if not lot.eligible:
        return 0
    so_far = lot.points * min(order.refunded, lot.eligible) // lot.eligible
    return min(left, max(0, so_far - (lot.points - left)))


def carry_returns(old: list[int], new: list[int]) -> None:
    """Return of the lines `new` what was returned of `old`."""
    returned = [number for at in range(0, len(old), WIDTH) for number in (old[at], old[at + 3])]
    _return_lines(new, returned)


def _position(lot: Lot) -> tuple[int, int]:
    return lot.time, lot.order


def _return_lines(lines: list[int], returned: list[int]) -> int | None:
    """Points of the returned pieces, each line's rounded down cumulatively; None if none of them was bought."""
    points, found = 0, False
    for at in range(0, len(returned), 2):
        key, pieces = returned[at], returned[at + 1]
        for line in range(0, len(lines), WIDTH):
            if lines[line] != key:
                continue
            found = True
            quantity, share, before = lines[line + 1 : line + WIDTH]
            now = min(quantity, before + pieces)
            if now > before:
                points += share * now // quantity - share * before // quantity
                pieces -= now - before
                lines[line + 3] = now
    return points if found else None


def _forget_lines(standing: Standing) -> None:
    """Of all but the latest lots, see LOTS_WITH_LINES."""
    lots, filed = standing.lots, standing.filed_lines
    if len(lots) + len(filed) <= _FEW:
        return
    if len(lots) > LOTS_WITH_LINES:
        lots[-1 - LOTS_WITH_LINES].lines = []
    del filed[: max(0, len(filed) + len(lots) - LOTS_WITH_LINES)]
    kept = 0
    for lot in reversed(lots[-LOTS_WITH_LINES:]):
        kept += len(lot.lines) // WIDTH
        if kept > LINES_IN_ALL:
            lot.lines = []
    for at in range(len(filed) - 1, -1, -1):
        kept += len(filed[at]) // WIDTH
        if kept > LINES_IN_ALL:
            filed[at] = []
