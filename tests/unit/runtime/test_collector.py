"""Cycles are looked for by the clock, as the collector itself is off in a worker."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from pipeline import worker


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


class Cycle:
    def __init__(self) -> None:
        self.itself = self


def test_a_cycle_goes_though_no_allocation_starts_a_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "COLLECT_EVERY", 0.01)
    # Given a worker's settings, and a cycle that nobody holds any more
    worker.settle_collector()
    left = weakref.ref(Cycle())
    lists: list[list[int]] = [[] for _ in range(200_000)]
    assert left() is not None, f"collected while {len(lists)} lists were made"

    async def live() -> None:
        collecting = asyncio.create_task(worker._collect())
        async with asyncio.timeout(10):
            while left() is not None:
                await asyncio.sleep(0.01)
        collecting.cancel()

    # When the worker's loop runs for a while, then it is gone
    asyncio.run(live())
    assert left() is None
