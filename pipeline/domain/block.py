"""Blocks: very many rows of one kind in few bytes, the older ones packed, the latest at hand in a list of their own.

Rows are in order; those of blocks come before those at hand. An event appends to the list, and finds in the few
numbers that lead a block what it asks of all the others. What changes a row of a block has the rows from there on
brought back to the list (`thaw`), and at the end of the event they are packed again (`file`).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from pipeline.domain.value.column import Column, pack, unpack

Row = TypeVar("Row")

KEPT = 16
"""Rows at hand after filing."""
MOST = 32
"""Rows at hand that are not filed yet."""
BLOCK = 128
"""Rows of a block."""
KEY = 5
"""Bytes of a key by which rows are looked for."""


class Block(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """first, last: of the first and the last of its `rows`, what they are in order of, ms. sums: over them, see the
    layout. keys: theirs, KEY bytes each, where they are looked for by key. columns: a MessagePack array."""

    rows: int
    first: int
    last: int
    sums: list[int]
    columns: bytes
    keys: bytes = b""


class Layout(msgspec.Struct, Generic[Row], frozen=True):
    """How rows of one kind are packed. at: what they are in order of, ms. sums: what a block tells of them all. split:
    a row as numbers, one for each column; join: its inverse, after the key if there is one. key: of a row, KEY bytes,
    None: they are not looked for."""

    at: Callable[[Row], int]
    sums: Callable[[Sequence[Row]], list[int]]
    split: Callable[[Row], tuple[int, ...]]
    join: Callable[..., Row]
    key: Callable[[Row], bytes] | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Column]).decode


def packed(layout: Layout[Row], rows: Sequence[Row]) -> Block:
    columns = [pack(column) for column in zip(*map(layout.split, rows), strict=True)]
    keys = b"" if layout.key is None else b"".join(map(layout.key, rows))
    return Block(len(rows), layout.at(rows[0]), layout.at(rows[-1]), layout.sums(rows), _encode(columns), keys)


def rows_of(layout: Layout[Row], block: Block) -> list[Row]:
    """Its rows, new objects each time."""
    columns: list[Sequence[Any]] = [*columns_of(block)]
    if layout.key is not None:
        columns.insert(0, [block.keys[at : at + KEY] for at in range(0, len(block.keys), KEY)])
    return list(map(layout.join, *columns))


def has_key(block: Block, key: bytes) -> bool:
    """Whether a row of the block has the key."""
    at = block.keys.find(key)
    while at >= 0 and at % KEY:
        at = block.keys.find(key, at + 1)
    return at >= 0


def columns_of(block: Block, *numbers: int) -> list[list[int]]:
    """Its columns of these numbers, all without any."""
    columns = _decode(block.columns)
    return [unpack(columns[number], block.rows) for number in numbers or range(len(columns))]


def is_due(at_hand: Sequence[Row]) -> bool:
    """Whether there is something to file."""
    return len(at_hand) > MOST


def file(layout: Layout[Row], blocks: list[Block], at_hand: list[Row]) -> None:
    """Pack all but the latest KEPT rows, if more than MOST are at hand."""
    if not is_due(at_hand):
        return
    older = at_hand[:-KEPT]
    del at_hand[:-KEPT]
    if blocks and blocks[-1].rows < BLOCK:
        older = rows_of(layout, blocks.pop()) + older
    blocks += (packed(layout, older[at : at + BLOCK]) for at in range(0, len(older), BLOCK))


def thaw(layout: Layout[Row], blocks: list[Block], at_hand: list[Row], since: int | None = None) -> None:
    """Bring back the rows from the instant `since` on, ms, or all, with the others of their blocks."""
    while blocks and (since is None or blocks[-1].last >= since):
        at_hand[:0] = rows_of(layout, blocks.pop())


def take_first(layout: Layout[Row], blocks: list[Block], at_hand: list[Row]) -> Row:
    """Take the first row of all out."""
    if not blocks:
        return at_hand.pop(0)
    first, *others = rows_of(layout, blocks[0])
    blocks[:1] = [packed(layout, others)] if others else []
    return first


def number_of_rows(blocks: Sequence[Block], at_hand: Sequence[Row]) -> int:
    return len(at_hand) + sum([block.rows for block in blocks])


def latest_first(layout: Layout[Row], blocks: Sequence[Block], at_hand: Sequence[Row]) -> Iterator[Row]:
    """All rows, to be read only; a block is unpacked when its turn comes."""
    yield from reversed(at_hand)
    for block in reversed(blocks):
        yield from reversed(rows_of(layout, block))


def oldest_first(layout: Layout[Row], blocks: Sequence[Block], at_hand: Sequence[Row]) -> Iterator[Row]:
    """Likewise."""
    for block in blocks:
        yield from rows_of(layout, block)
    yield from at_hand
