"""Following a changelog that another worker writes, on the embedded broker, into real stores."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.local_state import LocalState
from pipeline.domain.shopper import Shopper
from pipeline.kafka.clock import WorkerClock
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.kafka.outbox import TransactionalOutbox
from pipeline.kafka.standby import Standbys
from pipeline.runtime.checkpoint import changelog
from pipeline.runtime.ports import Checkpoint, StateError, StatePartition, StateWrite
from pipeline.state.record import RecordCodec
from tests.support.worker_process import eventually

pytestmark = pytest.mark.embedded

CODEC = RecordCodec()


class Watch:
    def __init__(self) -> None:
        self.records = 0
        self.interruptions: list[str] = []
        self.discards: list[str] = []

    def followed(self, records: int) -> None:
        self.records += records

    def interrupted(self, reason: str) -> None:
        self.interruptions.append(reason)

    def discarded(self, partition: int, reason: str) -> None:
        self.discards.append(reason)


class Shop:
    """A changelog of two partitions, an owner of each, and a worker that follows."""

    def __init__(self, folder: Path) -> None:
        self.broker = EmbeddedBroker({"changes": 2})
        self.properties: dict[str, Any] = {"bootstrap.servers": self.broker.brokers, "log_level": 0}
        self.folder = folder
        self.parts = LocalState(folder)
        self.watch = Watch()
        self.standbys = Standbys("changes", self.properties, self.parts, self.watch)
        self.owners = [self._owner(partition) for partition in (0, 1)]

    def _owner(self, partition: int) -> TransactionalOutbox:
        owner = TransactionalOutbox(
            self.properties, f"shop.shopper.{partition}", {"changelog": "changes"}, partition, WorkerClock()
        )
        owner.fence(10)
        return owner

    def write(self, partition: int, shopper: str, due: int) -> int:
        """Offset of the last record."""
        owner = self.owners[partition]
        owner.begin()
        owner.produce(
            changelog(partition, [(shopper.encode(), CODEC.encode(Shopper(due=due)))], Checkpoint(next_offset=due))
        )
        return owner.commit()

    def settled(self, *partitions: int) -> None:
        eventually("all is followed", lambda: dict(self.standbys.lags()) == dict.fromkeys(partitions, 0), 20)

    def known(self, partition: int) -> dict[bytes, int]:
        """Shopper -> due time, of a partition that is let go of; its due index says the same."""
        state = self.parts.open_state(partition)
        try:
            found = {key: CODEC.due(value) for key, value in state.scan()}
            assert state.due(10**9, 100) == sorted((due, key) for key, due in found.items())
            return found
        finally:
            state.close()

    def close(self) -> None:
        self.standbys.close()
        for owner in self.owners:
            owner.close()
        self.broker.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def test_what_owners_commit_is_followed_until_the_partition_is_released(shop: Shop) -> None:
    shop.write(0, "ann", 100)
    shop.standbys.follow({0, 1})
    shop.settled(0, 1)
    shop.write(0, "ann", 300)
    last = shop.write(1, "bob", 200)
    eventually("it is there", lambda: shop.watch.records == 6, 20)
    # when one of them is released, its files are free at once, and the other one is followed on
    shop.standbys.release(0)
    assert shop.known(0) == {b"ann": 300}
    shop.write(1, "cleo", 400)
    eventually("the other one goes on", lambda: shop.watch.records == 8, 20)
    shop.standbys.close()
    assert shop.known(1) == {b"bob": 200, b"cleo": 400}
    state = shop.parts.open_state(1)
    assert state.changelog_offset() > last
    state.close()
    assert shop.watch.interruptions == []


def test_a_partition_followed_again_goes_on_where_its_store_is(shop: Shop) -> None:
    shop.write(0, "ann", 100)
    shop.standbys.follow({0})
    eventually("it is there", lambda: shop.watch.records == 2, 20)
    shop.standbys.follow(set())
    eventually("it is let go of", lambda: not shop.standbys.lags(), 20)
    shop.write(0, "bob", 200)
    shop.standbys.follow({0})
    eventually("the rest is there", lambda: shop.watch.records == 4, 20)
    shop.standbys.release(0)
    assert shop.known(0) == {b"ann": 100, b"bob": 200}


def test_a_damaged_store_is_followed_from_scratch(shop: Shop) -> None:
    shop.write(0, "ann", 100)
    shop.standbys.follow({0})
    eventually("it is there", lambda: shop.watch.records == 2, 20)
    shop.standbys.release(0)
    # given its files are damaged
    (shop.folder / "0" / "CURRENT").write_bytes(b"rubbish\n")
    shop.standbys.follow({0, 1})
    eventually("it is read anew", lambda: shop.watch.records == 4, 20)
    assert shop.watch.discards == ["StateCorrupt"]
    shop.standbys.release(0)
    assert shop.known(0) == {b"ann": 100}


def test_a_store_ahead_of_its_changelog_is_given_up_only_after_several_looks(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.kafka.standby._FIRST_WAIT", 0.05)
    shop.write(0, "ann", 100)
    # given local state of another topic
    state = shop.parts.open_state(0)
    state.write(StateWrite([(b"zoe", CODEC.encode(Shopper(due=1)))], 1_000, Checkpoint(next_offset=1), [(1, b"zoe")]))
    state.close()
    shop.standbys.follow({0})
    eventually("it is read anew", lambda: shop.watch.records == 2, 20)
    shop.standbys.release(0)
    assert shop.watch.interruptions == ["AheadOfChangelog"] * 4
    assert shop.watch.discards == ["AheadOfChangelog"]
    assert shop.known(0) == {b"ann": 100}


def test_a_full_disk_interrupts_one_standby_and_no_other(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.kafka.standby._FIRST_WAIT", 0.3)
    full = True
    opened = shop.parts.open_state

    def open_state(partition: int) -> StatePartition:
        state = opened(partition)
        if partition == 0:
            write = state.write

            def refused(change: StateWrite) -> None:
                if full:
                    raise StateError("the disk is full")
                write(change)

            state.write = refused  # type: ignore[method-assign]
        return state

    monkeypatch.setattr(shop.parts, "open_state", open_state)
    shop.write(0, "ann", 100)
    shop.write(1, "bob", 200)
    shop.standbys.follow({0, 1})
    eventually("one is followed, the other tried again", lambda: len(shop.watch.interruptions) >= 2, 20)
    assert set(shop.watch.interruptions) == {"StateError"}
    assert shop.watch.records == 2
    # when there is room again
    full = False
    eventually("it goes on by itself", lambda: shop.watch.records == 4, 20)
    shop.standbys.close()
    assert (shop.known(0), shop.known(1)) == ({b"ann": 100}, {b"bob": 200})


def test_files_still_in_use_are_waited_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.kafka.standby._FIRST_WAIT", 0.1)
    shop.write(0, "ann", 100)
    state = shop.parts.open_state(0)
    shop.standbys.follow({0})
    eventually("it is told", lambda: bool(shop.watch.interruptions), 20)
    state.close()
    eventually("it is followed", lambda: shop.watch.records == 2, 20)
    assert set(shop.watch.interruptions) == {"StateLocked"}


def test_releasing_what_is_not_followed_returns_at_once(shop: Shop) -> None:
    begun = time.monotonic()
    shop.standbys.release(1)
    shop.standbys.close()
    assert time.monotonic() - begun < 0.5


def test_a_newer_format_is_not_followed_and_not_tried_again(shop: Shop) -> None:
    owner = shop.owners[0]
    owner.begin()
    owner.produce(changelog(0, [], Checkpoint(format=99)))
    owner.commit()
    shop.write(1, "bob", 200)
    shop.standbys.follow({0, 1})
    eventually("the other one is followed", lambda: shop.watch.records == 2, 20)
    eventually("it is told", lambda: shop.watch.interruptions == ["StateFormatError"], 20)
    time.sleep(1.2)
    assert shop.watch.interruptions == ["StateFormatError"]


def test_a_store_that_may_have_missed_a_deletion_is_followed_from_scratch(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(0, "ann", 100)
    shop.standbys.follow({0})
    shop.settled(0)
    shop.standbys.release(0)
    shop.write(0, "bob", 200)
    # given the worker was away for a day
    monkeypatch.setattr("pipeline.kafka.restore.STATE_AGE", -1.0)
    shop.standbys.follow({0})
    eventually("it is read anew", lambda: shop.watch.discards == ["StateTooOld"], 20)
    monkeypatch.undo()
    eventually("all is there", lambda: shop.watch.records == 6, 20)
    shop.standbys.release(0)
    assert shop.known(0) == {b"ann": 100, b"bob": 200}


def test_a_standby_at_the_end_of_its_changelog_is_complete(shop: Shop) -> None:
    shop.write(0, "ann", 100)
    begun = int(time.time() * 1000)
    shop.standbys.follow({0})
    shop.settled(0)
    first = shop.write(0, "bob", 200)
    eventually("it is there", lambda: shop.watch.records == 4 and shop.standbys.lags() == {0: 0}, 20)
    shop.standbys.release(0)
    state = shop.parts.open_state(0)
    assert begun < state.complete_at() <= time.time() * 1000
    assert state.changelog_offset() == first
    state.close()
