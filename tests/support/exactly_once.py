"""Whole workers decide exactly what replay decides, once: the suite that every kind of broker has to pass."""

from typing import ClassVar

import pytest

from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually


class ExactlyOnce:
    """To be derived from, beside a fixture `live`. size: records of a history."""

    size: ClassVar[int]

    def test_a_live_run_publishes_what_replay_writes(self, live: LiveRun) -> None:
        # given a history in the clickstream, and a worker that has no state
        records = history(self.size)
        live.send(records)
        worker = live.worker("a")
        # when it has read it to the end
        live.assert_decides_as(live.replayed(records))
        # then every bad record is a dead letter, offsets are committed for the operator, and it stops in order
        assert live.dead_letters() == sum(value.startswith(b"{not") for _, value in records)
        eventually("offsets are committed", lambda: sum(live.group_offsets("intake").values()) == len(records), 10)
        assert worker.stop() == 0
        assert "Traceback" not in worker.text()

    @pytest.mark.parametrize("wipe", [False, True], ids=["disk-kept", "disk-lost"])
    def test_killing_every_agent_in_the_middle_changes_nothing(self, live: LiveRun, wipe: bool) -> None:
        records = history(self.size, seed=2)
        half, most = self.size // 2, 3 * self.size // 4
        intake, shopper = live.worker("i", "intake"), live.worker("s", "shopper")
        # given both agents have taken a part
        live.send(records[:half])
        eventually("some decisions", lambda: any(live.group_offsets("shopper").values()), 30)
        # when they die while more comes
        live.send(records[half:most])
        shopper.kill(wipe)
        intake.kill(wipe)
        live.send(records[most:])
        intake.start()
        shopper.start()
        # then nothing is lost, and nothing is said twice
        live.assert_decides_as(live.replayed(records))

    def test_a_worker_that_joins_and_leaves_takes_its_share(self, live: LiveRun) -> None:
        records = history(self.size, seed=3)
        third = self.size // 3
        first = live.worker("a")
        live.send(records[:third])
        eventually("the first one works", lambda: any(live.group_offsets("shopper").values()), 30)
        # when a second one joins, works, and leaves in order
        second = live.worker("b")
        eventually("both agents own some", lambda: second.text().count("Owns 2 partitions") == 2, 30)
        live.send(records[third : 2 * third])
        assert second.stop() == 0
        live.send(records[2 * third :])
        live.assert_decides_as(live.replayed(records))
        assert first.stop() == 0
