"""What a row of an archive comes to."""

from collections.abc import Callable
from typing import Any, NamedTuple

from pipeline.collector.wire.request import Call


class Row(NamedTuple):
    """calls: in their order; bytes are an item that is no call, for intake to refuse. received: when a server received
    them, as they tell it; None: the calls tell it themselves, or nobody does, and then it is when they happened."""

    calls: list[Call | bytes]
    received: str | None = None


ReadRow = Callable[[bytes], Row]
"""A line without its end into a row. Raises RefusedCall."""


def filled(**fields: Any) -> dict[str, Any]:
    """The fields that are neither None nor an empty text."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}
