"""Workers come and go, hang and are taken for dead: who owns what, as a real Kafka's group says."""

import fcntl
import re
import time

import pytest

from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import WorkerProcess, eventually

pytestmark = pytest.mark.broker

ELSEWHERE = "import socket; socket.gethostname = lambda: 'elsewhere'\n"

# Says when it is about to commit, and takes its time.
COMMITS_SLOWLY = """
import sys, time
from pipeline.kafka.outbox import TransactionalOutbox as Outbox
_commit = Outbox.commit
def commit(outbox):
    print("about to commit", file=sys.stderr, flush=True)
    time.sleep(1)
    return _commit(outbox)
Outbox.commit = commit
"""

# Holds its first two batches in hand for as long as a file is there, and may take three seconds when partitions go.
HELD_BATCHES = """
import os, sys, time
from pipeline.kafka import ownership, patience
from pipeline.runtime.partition import PartitionProcessor as Processor
ownership.Patience = lambda: patience.Patience(drain=3.0)
_process, _turns = Processor.process, iter([True, True])
def process(processor, batch):
    if next(_turns, False):
        print("a batch is in hand", file=sys.stderr, flush=True)
        while os.path.exists({path!r}):
            time.sleep(0.1)
    return _process(processor, batch)
Processor.process = process
"""


def owned(worker: WorkerProcess) -> list[int]:
    """How many partitions each rebalance so far gave to an agent of the worker."""
    return [int(number) for number in re.findall(r"Owns (\d+) partitions", worker.text())]


def opened(worker: WorkerProcess) -> list[int]:
    """Partitions that were opened, in that order."""
    return [int(found) for found in re.findall(r"State is restored\..*partition=(\d+)", worker.text())]


def held(worker: WorkerProcess) -> set[int]:
    """Partitions whose stores are locked."""
    found = set()
    for lock in (worker.data / "shopper" / "state").glob("[0-9]*/LOCK"):
        with lock.open("r+b") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                found.add(int(lock.parent.name))
    return found


def static(live: LiveRun, name: str, instance: str, prelude: str = "") -> WorkerProcess:
    """A shopper agent that is a static member, with a session longer than it takes to start."""
    settings = {"KAFKA_GROUP_INSTANCE_ID": instance, "KAFKA_SESSION_TIMEOUT_MS": "15000"}
    return live.worker(name, "shopper", prelude, **settings)


def test_a_static_worker_that_restarts_gets_its_partitions_back_and_moves_nobody_elses(live: LiveRun) -> None:
    records = history(4_000, seed=21)
    live.worker("i", "intake")
    live.send(records[:1_500])
    # given two static members, the first of which is the leader
    first = static(live, "a", "shopper-0")
    eventually("the first one owns all", lambda: owned(first) == [4])
    second = static(live, "b", "shopper-1")
    eventually("they share", lambda: owned(first) == [4, 2] and owned(second) == [2])
    eventually("both have opened theirs", lambda: len(opened(second)) == 2)
    assert sorted(opened(first)) == [0, 1, 2, 3], "what it keeps stays open"
    # when each restarts: in order, or killed and on another host
    assert second.stop() == 0
    second.start()
    eventually("the second one is back", lambda: owned(second) == [2, 2])
    first.kill()
    moved = static(live, "a", "shopper-0", ELSEWHERE)
    eventually("the leader is back", lambda: owned(first) == [4, 2, 2])
    # then each has its own again, the other has seen nothing of it, and both work
    assert set(opened(second)[:2]) == set(opened(second)[2:])
    assert owned(second) == [2, 2]
    live.send(records[1_500:])
    live.assert_decides_as(live.replayed(records))
    assert moved.stop() == 0


def test_a_second_worker_under_one_instance_id_takes_over_and_the_first_one_ends(live: LiveRun) -> None:
    records = history(4_000, seed=22)
    live.worker("i", "intake")
    live.send(records[:1_500])
    other = live.worker("a", "shopper")
    eventually("one owns all", lambda: owned(other) == [4])
    older = static(live, "b", "shopper-1")
    eventually("they share", lambda: owned(other) == [4, 2] and owned(older) == [2])
    # when an id is used twice
    twin = static(live, "c", "shopper-1")
    # then the older one ends and says why, and the younger has its partitions; nobody else notices
    assert older.process.wait(40) == 1
    assert "runs with the same AFTERCLICK_KAFKA_GROUP_INSTANCE_ID, shopper-1, and took over" in older.text()
    live.send(records[1_500:3_000])
    eventually("the twin works", lambda: set(opened(twin)) == set(opened(older)))
    time.sleep(1)
    assert owned(other) == [4, 2] and owned(twin) == [2]
    # when it leaves for good, then its partitions are handed over after the session timeout, not before
    left = time.monotonic()
    assert twin.stop() == 0
    live.send(records[3_000:])
    eventually("the other one owns all", lambda: owned(other) == [4, 2, 4])
    assert time.monotonic() - left > 10
    live.assert_decides_as(live.replayed(records))


def test_workers_that_start_at_once_come_in_together(live: LiveRun) -> None:
    records = history(3_000, seed=23)
    live.worker("i", "intake")
    # given one that works, when three more are started at once
    first = live.worker("a", "shopper", KAFKA_HEARTBEAT_INTERVAL_MS="6000", KAFKA_SESSION_TIMEOUT_MS="18000")
    live.send(records[:1_500])
    eventually("it works", lambda: any(live.group_offsets("shopper").values()))
    others = [live.worker(name, "shopper") for name in "bcd"]
    eventually("each owns one", lambda: all(owned(each)[-1:] == [1] for each in (first, *others)))
    # then there were fewer rebalances than workers that came, and nothing that stayed was opened anew
    assert len(owned(first)) - 1 < len(others)
    assert sorted(opened(first)) == [0, 1, 2, 3]
    live.send(records[1_500:])
    live.assert_decides_as(live.replayed(records))


def test_a_worker_that_hangs_is_taken_for_dead_and_comes_back(live: LiveRun) -> None:
    records = history(6_000, seed=24)
    other, worker = live.worker("a"), live.worker("b")
    eventually("both agents of both share", lambda: owned(other)[-2:] == owned(worker)[-2:] == [2, 2])
    # given a pause that is shorter than the session timeout
    before = owned(worker)
    live.send(records[:1_500])
    worker.pause()
    time.sleep(2)
    worker.resume()
    eventually("it goes on", lambda: sum(live.group_offsets("intake").values()) == 1_500)
    assert owned(worker) == before
    # when it is longer, and records keep coming
    live.send(records[1_500:3_000])
    worker.pause()
    live.send(records[3_000:4_500])
    eventually("the other one took over", lambda: owned(other)[-2:] == [4, 4], 30)
    eventually("and works", lambda: sum(live.group_offsets("intake").values()) == 4_500)
    worker.resume()
    # then it joins again and takes its share, and nothing is lost or said twice
    eventually("it is back", lambda: owned(worker)[len(before) :][-2:] == [2, 2])
    live.send(records[4_500:])
    live.assert_decides_as(live.replayed(records))
    assert worker.stop() == 0


def test_an_agent_that_hangs_in_the_middle_of_a_batch_lets_go_of_it(live: LiveRun) -> None:
    records = history(4_000, seed=25)
    live.worker("i", "intake")
    zombie = live.worker("b", "shopper", COMMITS_SLOWLY)
    other = live.worker("a", "shopper")
    eventually("they share", lambda: owned(other)[-1:] == owned(zombie)[-1:] == [2])
    # when it is paused in a transaction until its partitions are another's
    commits = zombie.text().count("about to commit")
    live.send(records[:1_000])
    eventually("it is about to commit", lambda: zombie.text().count("about to commit") > commits)
    zombie.pause()
    live.send(records[1_000:2_500])
    eventually("the other one took over", lambda: owned(other)[-1] == 4, 30)
    before = len(owned(zombie))
    zombie.resume()
    # then it says that it lets go, joins again, and works
    eventually("it is back", lambda: owned(zombie)[before:] == [2])
    assert "Another worker owns the partition now; letting go." in zombie.text()
    live.send(records[2_500:])
    live.assert_decides_as(live.replayed(records))


def test_a_long_batch_holds_a_rebalance_up_no_longer_than_the_budget(live: LiveRun) -> None:
    records = history(3_000, seed=26)
    live.worker("i", "intake")
    hold = live.folder / "hold"
    hold.touch()
    slow = live.worker("a", "shopper", HELD_BATCHES.format(path=str(hold)), STANDBYS="0")
    live.send(records[:1_500])
    eventually("it owns all, with batches in hand", lambda: slow.text().count("a batch is in hand") == 2)
    # when another one joins, then it has its share although the batches are not done
    other = live.worker("b", "shopper", STANDBYS="0")
    eventually("they share", lambda: owned(slow)[-1] == 2 and owned(other)[-1:] == [2])
    assert "The batch in hand takes too long to finish." in slow.text()
    hold.unlink()
    live.send(records[1_500:])
    live.assert_decides_as(live.replayed(records))
    # and the files of what it lost are free, and of all once it has stopped
    assert held(slow) == {0, 1, 2, 3} - held(other) and len(held(other)) == 2
    assert slow.stop() == 0
    assert held(slow) == set()
