"""Columns of whole numbers, packed into few bits: what a record keeps of very many rows of one kind.

A column is all alike, alike but for a few, numbers of so many bits above the least of them, or the first number and the
column of the steps to the next; whichever is shortest as MessagePack.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

Column = list[Any]
"""[value] | [value, [index, value, ..]] | [least, bits of each, bytes] | [first, column of steps, None, None]."""


def pack(values: Sequence[int]) -> Column:
    """The shortest column of these numbers, at least one; each, and each step between two, of less than 64 bits."""
    bytes_, column = _shortest(values)
    if len(values) > 2 and bytes_ > 9:
        in_steps, steps = _shortest([after - before for before, after in pairwise(values)])
        if in_steps + _size(values[0]) + 3 < bytes_:
            return [values[0], steps(), None, None]
    return column()


def unpack(column: Column, rows: int) -> list[int]:
    """The numbers of a column of so many rows."""
    match column:
        case [value]:
            return [value] * rows
        case [value, [*odd]]:
            values = [value] * rows
            for index, other in zip(odd[::2], odd[1::2], strict=True):
                values[index] = other
            return values
        case [least, width, bits]:
            every, mask = int.from_bytes(bits, "little"), (1 << width) - 1
            return [least + (every >> at & mask) for at in range(0, rows * width, width)]
    first, steps = column[:2]
    return list(accumulate(unpack(steps, rows - 1), initial=first))


def _shortest(values: Sequence[int]) -> tuple[int, Callable[[], Column]]:
    """Bytes, without steps, and what makes the column."""
    least, most = min(values), max(values)
    if least == most:
        return 1 + _size(least), lambda: [least]
    width = (most - least).bit_length()
    bytes_ = 4 + _size(least) + (len(values) * width + 7) // 8
    ((usual, times),) = Counter(values).most_common(1)
    if 4 * times >= 3 * len(values):
        odd = [part for at, value in enumerate(values) if value != usual for part in (at, value)]
        if 3 + _size(usual) + sum(map(_size, odd)) < bytes_:
            return 3 + _size(usual) + sum(map(_size, odd)), lambda: [usual, odd]
    return bytes_, partial(_above, least, width, values)


def _above(least: int, width: int, values: Sequence[int]) -> Column:
    every = 0
    for at, value in enumerate(values):
        every |= value - least << at * width
    return [least, width, every.to_bytes((len(values) * width + 7) // 8, "little")]


def _size(number: int) -> int:
    """Bytes of MessagePack."""
    if -32 <= number < 128:
        return 1
    return next(1 + size for size in (1, 2, 4, 8) if -(1 << 8 * size - 1) <= number < 1 << 8 * size)
