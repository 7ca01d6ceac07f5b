"""Bytes of MessagePack at the most, by which a record's bound is told."""

from pipeline.domain.block import BLOCK, MOST

INTEGER = 9
HEAD = 5
"""Of what stands before a text, a list or a mapping."""
NAME = 64 + HEAD
"""The name of a rule."""


INSTANT = 6
"""In a column of a block, see pipeline/domain/block.py: milliseconds from any to any other of some thousand years."""
POINTS = 6
AMOUNT = 7
"""Minor units of an order, likewise."""
NUMBER = 5


def blocks_of(rows: int, columns: int, at_hand: int) -> int:
    """What so many rows in blocks take beside their columns. at_hand: bytes of a row that is not packed."""
    a_block = 4 * HEAD + 6 * INTEGER + columns * (3 * HEAD + INTEGER)
    return (rows // BLOCK + 3) * a_block + MOST * at_hand


def list_of(integers: int) -> int:
    """A list of integers, with the head of what it is kept under."""
    return 2 * HEAD + integers * INTEGER
