"""Ids that meet across partitions, by whole workers: the suite that every kind of broker has to pass."""

import json
import random
from typing import ClassVar

import pytest

from tests.support.households import draw_lines
from tests.support.kafka_reader import decisions
from tests.support.live_run import History, LiveRun
from tests.support.worker_process import eventually

IDENTITY = "identity: {devices: 2, wait: 365d}\n"


def households(number: int, seed: int) -> History:
    """(key, value) in received order; each household's events come from one partition of the clickstream."""
    found = []
    for received, line in draw_lines(random.Random(seed), number, 20, late=False):
        call = {"receivedAt": received, **json.loads(line)}
        found.append((call["context"]["household"].encode(), json.dumps(call).encode()))
    return found


class Merging:
    """To be derived from, beside a fixture `live`. size: households."""

    size: ClassVar[int]

    @pytest.fixture
    def messaging(self) -> str:
        return IDENTITY

    def test_a_live_run_merges_as_replay_does_through_kills(self, live: LiveRun) -> None:
        # given a history of people who log in, and what replay makes of it
        records = households(self.size, seed=5)
        expected = live.replayed(records)
        changes = [one["change"] for one in expected if one["topic"] == "identity-changes"]
        assert {"merged", "attached", "conflict", "refused"} <= set(changes)
        # when workers die in the middle of it, with and without their disks
        half, most = len(records) // 3, 2 * len(records) // 3
        worker = live.worker("a")
        live.send(records[:half])
        eventually("it works", lambda: bool(decisions(live.brokers)), 90)
        live.send(records[half:most])
        worker.kill(wipe=True)
        worker.start()
        live.send(records[most:])
        eventually("it works again", lambda: len(decisions(live.brokers)) > len(expected) // 2, 90)
        worker.kill()
        worker.start()
        # then all of it is merged, once, as if there had been no partitions
        live.assert_decides_as(expected)
