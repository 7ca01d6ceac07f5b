"""Whole workers decide exactly what replay decides, once: the suite that every kind of broker has to pass."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from tests.support.kafka_reader import decisions
from tests.support.live_run import LiveRun
from tests.support.shop_history import MESSAGING, contacts, history
from tests.support.worker_process import eventually


class ExactlyOnce:
    """To be derived from, beside a fixture `live`. size: records of a history."""

    size: ClassVar[int]

    @pytest.fixture
    def messaging(self) -> str:
        return MESSAGING

    def test_a_live_run_publishes_what_replay_writes(self, live: LiveRun) -> None:
        # given a history in the clickstream, and a worker that has no state
        records = contacts() + history(self.size)
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
        records = contacts() + history(self.size, seed=2)
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
        assert_each_candidate_ends_once(decisions(live.brokers))

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


def assert_each_candidate_ends_once(told: list[dict[str, Any]]) -> None:
    """As one message or one suppression; those of the last hours may wait still."""
    ends = Counter(
        (one["shopper"], one["message"], one["trigger"])
        for one in told
        if one["topic"] in ("messages", "message-suppressions") and not one.get("until")
    )
    asked = {(one["shopper"], name, one["id"]): one for one in told if (name := asks_for(one)) is not None}
    last = max(datetime.fromisoformat(one["effective_at"]) for one in told)
    assert set(ends.values()) == {1}
    assert {each for each in ends if each[1] != "receipt"} <= set(asked)
    waiting = [one for each, one in asked.items() if each not in ends]
    assert all(last - datetime.fromisoformat(one["effective_at"]) < timedelta(hours=24) for one in waiting)
    assert len(waiting) < len(asked) // 4
    assert {one["reason"] for one in told if "reason" in one and "trigger" in one} >= {"cap", "holdout", "exclusion"}


def asks_for(one: dict[str, Any]) -> str | None:
    """The message of MESSAGING that a decision asks for."""
    if one["topic"] == "abandonment-triggers" and one["change"] == "abandoned":
        return "reminder"
    if one["topic"] == "segment-changes" and (one["segment"], one["change"]) == ("engaged", "entered"):
        return "hello"
    return "thanks" if one["topic"] == "loyalty-tiers" and one["change"] == "upgraded" else None
