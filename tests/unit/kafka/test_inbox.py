"""What waits for its turn is taken together, as far as it belongs together."""

import asyncio
from collections.abc import Awaitable, Callable

from pipeline.kafka.inbox import BYTES, RECORDS, Inbox
from pipeline.runtime.ports import Batch, Record


def batch(first: int, records: int = 1, follows: int | None = None, now: int = 0, size: int = 1) -> Batch:
    contents = [Record(first + number, 0, None, b"") for number in range(records)]
    return Batch("events", 3, first - 1 if follows is None else follows, contents, now, size)


def offsets(taken: Batch) -> list[int]:
    return [record.offset for record in taken.records]


def run(scene: Callable[[Inbox], Awaitable[None]]) -> None:
    async def play() -> None:
        async with asyncio.timeout(5):
            await scene(Inbox())

    asyncio.run(play())


def test_what_follows_one_another_is_taken_together() -> None:
    async def scene(inbox: Inbox) -> None:
        # given two fetches, with a transaction's marker at offset 3 between them
        await inbox.put(batch(1, 2, now=500, size=70))
        await inbox.put(batch(4, 2, follows=2, now=900, size=30))
        taken = await inbox.take()
        assert (taken.topic, taken.partition, taken.follows, taken.now, taken.size) == ("events", 3, 0, 900, 100)
        assert offsets(taken) == [1, 2, 4, 5]
        assert inbox.empty

    run(scene)


def test_a_gap_is_not_covered_up() -> None:
    async def scene(inbox: Inbox) -> None:
        # given one fetch that got lost between these, and one fetched again
        for each in (batch(0), batch(5), batch(6), batch(0)):
            await inbox.put(each)
        assert [offsets(await inbox.take()) for _ in range(3)] == [[0], [5, 6], [0]]

    run(scene)


def test_what_is_taken_is_bounded() -> None:
    async def scene(inbox: Inbox) -> None:
        for each in (batch(0, RECORDS - 1), batch(RECORDS - 1), batch(RECORDS)):
            await inbox.put(each)
        assert len((await inbox.take()).records) == RECORDS
        assert offsets(await inbox.take()) == [RECORDS]
        for each in (batch(0, size=BYTES), batch(1, size=1)):
            await inbox.put(each)
        assert offsets(await inbox.take()) == [0]

    run(scene)


def test_what_waits_is_bounded() -> None:
    async def scene(inbox: Inbox) -> None:
        await inbox.put(batch(0, RECORDS))
        await inbox.put(batch(RECORDS, RECORDS))
        # when it is full
        third = asyncio.create_task(inbox.put(batch(2 * RECORDS)))
        await asyncio.sleep(0.01)
        assert not third.done()
        # then the next waits until something was taken
        await inbox.take()
        await third
        # and what is dropped makes room, too
        inbox.clear()
        assert inbox.empty
        await inbox.put(batch(0, 2 * RECORDS))

    run(scene)


def test_what_is_dropped_before_the_taker_has_its_turn_is_waited_for_no_more() -> None:
    async def scene(inbox: Inbox) -> None:
        taking = asyncio.create_task(inbox.take())
        await asyncio.sleep(0.01)
        # given a taker that was woken, and a rebalance that drops everything before its turn
        await inbox.put(batch(0))
        inbox.clear()
        await asyncio.sleep(0.01)
        assert not taking.done()
        # then it takes what comes next
        await inbox.put(batch(0))
        assert offsets(await taking) == [0]

    run(scene)


def test_a_taker_waits_for_something_to_take() -> None:
    async def scene(inbox: Inbox) -> None:
        taking = asyncio.create_task(inbox.take())
        await asyncio.sleep(0.01)
        assert not taking.done()
        await inbox.put(batch(7))
        assert offsets(await taking) == [7]

    run(scene)
