"""Packed lots: those before the latest, in blocks (block.py), of which the metric reads the sums.

A lot of an order is found by the order, which brings its fingerprint along: of that, blocks keep what an order is known
by. Whole they keep those that are told by themselves: of bonuses, and of what waits.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import partial

from pipeline.domain.block import Block, Layout, columns_of, file, is_due, rows_of, take_first, thaw
from pipeline.domain.commerce.order_book import CUT, is_whole, leading
from pipeline.domain.shopping import Lot, Standing

_LOW = (1 << CUT) - 1
_TIME, _POINTS, _REVERSED, _NUMBER = 0, 3, 4, 7


def file_lots(standing: Standing) -> None:
    """Pack all but the latest lots. To be called when nobody has one in hand any more."""
    if not is_due(standing.lots):
        return
    before = list(standing.lots)
    file(_layout_for(standing), standing.filed_lots, standing.lots)
    standing.filed_lines += (lot.lines for lot in before[: len(before) - len(standing.lots)])


def drop_first(standing: Standing) -> None:
    """Forget the first lot of all."""
    take_first(_layout_for(standing), standing.filed_lots, standing.lots)


def thaw_lots(standing: Standing, since: int | None = None) -> None:
    """Have all lots at hand from the instant `since` on, ms; all without it."""
    lots, filed = standing.lots, standing.filed_lots
    if not filed or (since is not None and filed[-1].last < since):
        return
    before = len(lots)
    thaw(_LAYOUT, filed, lots, since)
    thawed = len(lots) - before
    _give_lines(lots[:thawed], standing.filed_lines[-thawed:])
    del standing.filed_lines[-thawed:]


def is_of(lot: Lot, key: int) -> bool:
    """Whether the lot is of the order, or the bonus, with that fingerprint; one that blocks gave back, or both."""
    if lot.order == key:
        return True
    return not (is_whole(lot.order) and is_whole(key)) and leading(lot.order) == leading(key)


def name_anew(lot: Lot, key: int) -> None:
    """Give a lot that a block gave back the fingerprint of its order, if that is whole."""
    if is_whole(key):
        lot.order = key


def earned_latest_first(standing: Standing, held: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """(time in ms, points net of reversals) of all lots, without what is `held`, by their numbers."""
    for lot in reversed(standing.lots):
        points = lot.points - lot.reversed
        if lot.number not in held:
            yield lot.time, points
        elif points > held[lot.number]:
            yield lot.time, points - held[lot.number]
    for block in reversed(standing.filed_lots):
        yield from reversed(_earned(block, held))


def earned_between(standing: Standing, begin: int, end: int | None, held: Mapping[int, int]) -> int:
    """Points net of reversals of lots from `begin` on, ms, and before `end`, without what is `held`, by their
    numbers."""
    total = 0
    for lot in standing.lots:
        if lot.time >= begin and (end is None or lot.time < end):
            total += lot.points - lot.reversed
            if held:
                total -= held.get(lot.number, 0)
    for block in reversed(standing.filed_lots):
        if block.last < begin:
            break
        if block.first >= begin and (end is None or block.last < end) and not held:
            total += block.sums[0]
        elif end is None or block.first < end:
            total += sum(
                points for time, points in _earned(block, held) if time >= begin and (end is None or time < end)
            )
    return total


def lot_times(standing: Standing) -> dict[int, int]:
    """Time of each lot, ms, by its number."""
    times = {lot.number: lot.time for lot in standing.lots}
    for block in standing.filed_lots:
        time, number = columns_of(block, _TIME, _NUMBER)
        times.update(zip(number, time, strict=True))
    return times


def first_time(standing: Standing) -> int:
    """Time of the first lot, ms; 0 = there is none."""
    if standing.filed_lots:
        return standing.filed_lots[0].first
    return standing.lots[0].time if standing.lots else 0


def all_lots(standing: Standing) -> list[Lot]:
    """Every lot in order, to be read only."""
    packed = [lot for block in standing.filed_lots for lot in rows_of(_LAYOUT, block)]
    _give_lines(packed, standing.filed_lines)
    return packed + standing.lots


def _give_lines(lots: list[Lot], lines: list[list[int]]) -> None:
    """To the last of the lots."""
    for lot, its in zip(lots[len(lots) - len(lines) :], lines, strict=True):
        lot.lines = its


def _earned(block: Block, held: Mapping[int, int]) -> list[tuple[int, int]]:
    if not held:
        columns = columns_of(block, _TIME, _POINTS, _REVERSED)
        return [(time, points - back) for time, points, back in zip(*columns, strict=True)]
    columns = columns_of(block, _TIME, _POINTS, _REVERSED, _NUMBER)
    every = zip(*columns, strict=True)
    counted = ((time, points - back - held.get(number, 0), number) for time, points, back, number in every)
    return [(time, points) for time, points, number in counted if points or number not in held]


def _split(lot: Lot, waiting: Set[int]) -> tuple[int, ...]:
    whole = not lot.eligible or lot.number in waiting
    return (
        lot.time,
        leading(lot.order),
        lot.order & _LOW if whole else 0,
        lot.points,
        lot.reversed,
        lot.eligible,
        lot.level,
        lot.number,
        lot.expired,
        lot.forgone,
    )


def _join(
    time: int, high: int, low: int, points: int, back: int, eligible: int, level: int, number: int, expired: int,
    forgone: int,
) -> Lot:  # fmt: skip
    return Lot(high << CUT | low, time, points, back, eligible, level, number, [], expired, forgone)


def _time(lot: Lot) -> int:
    return lot.time


def _sums(lots: Sequence[Lot]) -> list[int]:
    return [sum(lot.points - lot.reversed for lot in lots)]


def _layout(waiting: Set[int]) -> Layout[Lot]:
    return Layout(at=_time, sums=_sums, split=partial(_split, waiting=waiting), join=_join)


def _layout_for(standing: Standing) -> Layout[Lot]:
    """To pack lots with, as it asks for what waits."""
    purse = standing.purse
    return _LAYOUT if purse is None else _layout(frozenset(one.number for one in purse.waiting))


_LAYOUT = _layout(frozenset())
