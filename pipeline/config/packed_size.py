"""Bytes of MessagePack at the most, by which a record's bound is told."""

INTEGER = 9
HEAD = 5
"""Of what stands before a text, a list or a mapping."""
NAME = 64 + HEAD
"""The name of a rule."""


def list_of(integers: int) -> int:
    """A list of integers, with the head of what it is kept under."""
    return 2 * HEAD + integers * INTEGER
