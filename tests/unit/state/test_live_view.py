"""A store looked at again and again beside its owner: each look has all that was written before it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.runtime.ports import Checkpoint, StateError, StateWrite
from pipeline.state.live_view import LiveView, LiveViews
from pipeline.state.rocksdb import RocksPartition, RocksSettings, RocksStore
from pipeline.state.store_view import store_view

MIB = 1024 * 1024
FILLING = os.urandom(50_000)


@pytest.fixture
def store(tmp_path: Path) -> RocksStore:
    # Write buffers so small that tables and logs come and go all the time.
    return RocksStore(tmp_path / "state", RocksSettings(write_buffers=2 * MIB, write_buffer=MIB // 4))


def write(state: RocksPartition, number: int) -> None:
    values = [(b"kim", b"%d" % number), (b"filling-%d" % (number % 50), FILLING)]
    state.write(StateWrite(values, number, Checkpoint(next_offset=number, time=number)))


@pytest.fixture
def views(tmp_path: Path) -> Iterator[LiveViews]:
    views = LiveViews(tmp_path / "state", 0.0)
    yield views
    views.close()


def test_each_look_has_what_was_written_before_it(store: RocksStore, views: LiveViews) -> None:
    state = store.open("0")
    for number in range(1, 600):
        write(state, number)
        if number % 3 == 0:
            view = views.of(0).view
            checkpoint = view.checkpoint()
            assert checkpoint is not None
            assert (view.record(b"kim"), checkpoint.time) == (b"%d" % number, number)
    # Tables were written, and logs deleted, under its eyes.
    assert len(list(store.path("0").glob("*.sst"))) >= 1
    state.close()


def test_a_look_has_what_was_written_after_logs_were_deleted(store: RocksStore, views: LiveViews) -> None:
    """Links to logs that are no more would end the view's look for later ones."""
    state = store.open("0")
    write(state, 1)
    assert views.of(0).view.record(b"kim") == b"1"
    for number in range(2, 400):
        write(state, number)
        if number % 37 == 0:
            assert views.of(0).view.record(b"kim") == b"%d" % number
            with store_view(store.path("0")) as fresh:
                assert fresh.record(b"kim") == b"%d" % number
    state.close()


def test_it_goes_on_when_the_owner_opens_the_store_again(store: RocksStore, views: LiveViews) -> None:
    for number in range(1, 20):
        state = store.open("0")
        write(state, number)
        assert views.of(0).view.record(b"kim") == b"%d" % number
        state.close()


def test_a_store_that_was_made_anew_is_opened_anew(store: RocksStore, views: LiveViews) -> None:
    state = store.open("0")
    write(state, 7)
    assert views.of(0).view.record(b"kim") == b"7"
    state.close()
    store.quarantine("0")
    with pytest.raises(StateError):
        views.of(0)
    state = store.open("0")
    assert views.of(0).view.record(b"kim") is None
    write(state, 1)
    assert views.of(0).view.record(b"kim") == b"1"
    state.close()


def test_within_its_age_a_view_is_as_it_was(store: RocksStore, tmp_path: Path) -> None:
    now = [0.0]
    views = LiveViews(tmp_path / "state", 0.5, lambda: now[0])
    state = store.open("0")
    write(state, 1)
    assert views.of(0).view.record(b"kim") == b"1"
    write(state, 2)
    now[0] = 0.4
    assert views.of(0).view.record(b"kim") == b"1"
    now[0] = 0.5
    assert views.of(0).view.record(b"kim") == b"2"
    views.close()
    state.close()


def test_nothing_is_written_beside_the_store_and_nothing_is_left(store: RocksStore, tmp_path: Path) -> None:
    state = store.open("0")
    write(state, 1)
    before = sorted(one.name for one in store.path("0").iterdir())
    view = LiveView(store.path("0"), lambda: 5.0)
    folder = Path(view._folder.name)
    view.catch_up()
    assert view.read_at == 5.0
    view.close()
    assert sorted(one.name for one in store.path("0").iterdir()) == before
    assert not folder.exists()
    state.close()
