"""Following as seen from one thread: what a change of mind between two reads must not lose."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from pipeline.kafka import standby
from pipeline.kafka.standby import Standbys
from pipeline.runtime.ports import Record
from pipeline.state.memory import MemoryPartition


class Message:
    def __init__(self, partition: int, offset: int) -> None:
        self._partition, self._offset = partition, offset

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def error(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return 1, 0

    def key(self) -> bytes:
        return b"k"

    def value(self) -> bytes:
        return b"v"


class Changelog:
    """A consumer of partitions with three records each, read from where it is assigned. before_answer: called with
    messages in hand."""

    def __init__(self) -> None:
        self.positions: dict[int, int] = {}
        self.before_answer: Callable[[], None] = lambda: None

    def get_watermark_offsets(self, place: Any, timeout: float = 0, cached: bool = False) -> tuple[int, int]:
        return 0, 3

    def assign(self, places: Sequence[Any]) -> None:
        self.positions = {place.partition: place.offset for place in places}

    def consume(self, most: int, timeout: float) -> list[Message]:
        messages = [
            Message(partition, offset) for partition, begin in self.positions.items() for offset in range(begin, 3)
        ]
        self.positions = dict.fromkeys(self.positions, 3)
        self.before_answer()
        threading.Event().wait(0.001)
        return messages

    def close(self) -> None:
        """Nothing to let go of."""


class Following:
    """Applied records of one partition. on_apply: called with each batch applied."""

    def __init__(self) -> None:
        self.complete_at = 0
        self.offsets: list[int] = []
        self.on_apply: Callable[[], None] = lambda: None

    @property
    def next_offset(self) -> int:
        return self.offsets[-1] + 1 if self.offsets else 0

    def caught_up(self) -> None: ...

    def apply(self, records: Sequence[Record]) -> None:
        self.offsets += [record.offset for record in records]
        self.on_apply()


class Parts:
    def __init__(self) -> None:
        self.following_of = {0: Following(), 1: Following()}
        self._opened: list[int] = []

    def open_state(self, partition: int) -> Any:
        self._opened.append(partition)
        return MemoryPartition()

    def discard_state(self, partition: int) -> None:
        raise AssertionError(f"the state of {partition} is sound")

    def following(self, state: Any) -> Following:
        return self.following_of[self._opened[-1]]


class Watch:
    def __init__(self) -> None:
        self.interruptions: list[str] = []

    def followed(self, records: int) -> None:
        """Not of interest here."""

    def interrupted(self, reason: str) -> None:
        self.interruptions.append(reason)

    def discarded(self, partition: int, reason: str) -> None:
        self.interruptions.append(reason)


def test_a_standby_dropped_and_wanted_again_with_records_in_hand_misses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    changelog, parts, watch = Changelog(), Parts(), Watch()
    monkeypatch.setattr(standby, "changelog_reader", lambda properties: changelog)
    standbys = Standbys("changes", {}, parts, watch)
    done = threading.Event()
    dropped, wanted_again = [False], [False]

    def drop() -> None:
        # given records of both partitions in hand, one of which a rebalance takes away just now
        if changelog.positions and not dropped[0]:
            dropped[0] = True
            standbys.follow({1})

    def want_again() -> None:
        # when the next rebalance gives it back before the follower looked again
        if not wanted_again[0]:
            wanted_again[0] = True
            standbys.follow({0, 1})

    def applied() -> None:
        if len(parts.following_of[0].offsets) == 3:
            done.set()

    changelog.before_answer = drop
    parts.following_of[1].on_apply = want_again
    parts.following_of[0].on_apply = applied
    standbys.follow({0, 1})
    try:
        # then it is read from where its store is
        assert done.wait(5), parts.following_of[0].offsets
    finally:
        standbys.close()
    assert parts.following_of[0].offsets == parts.following_of[1].offsets == [0, 1, 2]
    assert watch.interruptions == []
