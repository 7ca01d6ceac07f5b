"""Where a page begins."""

import base64
import binascii
from typing import NamedTuple

from pipeline.query.refused import Refused


class Cursor(NamedTuple):
    """after: the last key of the page before in this partition; empty = none."""

    partition: int = 0
    after: bytes = b""

    def __str__(self) -> str:
        return f"{self.partition}.{base64.urlsafe_b64encode(self.after).decode().rstrip('=')}"


def parse_cursor(text: str, partitions: int) -> Cursor:
    """As an answer gave it. Raises Refused."""
    number, _, coded = text.partition(".")
    try:
        after = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _wrong() from None
    if not (number.isascii() and number.isdigit() and len(number) < 9 and int(number) < partitions):
        raise _wrong()
    if after[:1] == b"\x00":
        raise _wrong()
    return Cursor(int(number), after)


def _wrong() -> Refused:
    return Refused(400, "wrong_cursor", "The cursor is none; give one back as `next_cursor` has it.")
