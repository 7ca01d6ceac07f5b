"""Every JSON block of the documents is JSON, but for what `..` leaves out of it, and a call of Segment's spec."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.documents.document import Block, every_block

BLOCKS = every_block("json")


def values(text: str) -> Iterator[dict[str, Any]]:
    """A block may show several, one after the other."""
    rest = text.replace(", ..}", "}").strip()
    while rest:
        value, end = json.JSONDecoder().raw_decode(rest)
        yield value
        rest = rest[end:].strip()


@pytest.mark.parametrize("block", BLOCKS, ids=[block.place for block in BLOCKS])
def test_a_json_block_shows_calls(block: Block) -> None:
    for value in values(block.text):
        assert value["type"] in {"track", "identify"}
        assert value.get("event") or value["type"] == "identify"
