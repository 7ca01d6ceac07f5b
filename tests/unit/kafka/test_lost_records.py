"""Records that retention took before they were read are told, and the partition goes on with what is left."""

import asyncio
from typing import Any

import pytest
from faust.types import TP

from pipeline.kafka.transport import Consumer, ConsumerOptions

TP0 = TP("events", 0)


class Thread:
    def __init__(self) -> None:
        self.sought: dict[TP, tuple[int, int]] = {}

    async def seek_linked(self, targets: dict[TP, tuple[int, int]]) -> None:
        self.sought |= targets


@pytest.mark.parametrize(
    ("next_offset", "sought", "told"),
    [(40, (100, 39), [(TP0, 40, 100)]), (100, (100, 99), []), (150, (150, 149), []), (-1, (100, 99), [])],
)
def test_only_what_is_gone_is_told(next_offset: int, sought: tuple[int, int], told: list[Any]) -> None:
    lost: list[Any] = []
    consumer: Any = Consumer.__new__(Consumer)
    consumer.options = ConsumerOptions(lambda tp: None, lambda: 0, lambda *each: lost.append(each))
    consumer._thread, consumer._committed_offset = Thread(), {}

    async def earliest_offsets(*partitions: TP) -> dict[TP, int]:
        return dict.fromkeys(partitions, 100)

    consumer.earliest_offsets = earliest_offsets
    asyncio.run(consumer.seek_to_checkpoint({TP0: next_offset}))
    # the link says what the processor last took, so the first batch left is no discontinuity
    assert consumer._thread.sought == {TP0: sought}
    assert lost == told
