"""`afterclick stats` beside a worker that runs: its stores, and its changelog on the brokers."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import WorkerProcess, eventually

pytestmark = pytest.mark.embedded


def shoppers_taken(live: LiveRun, worker: WorkerProcess, *arguments: str) -> dict[str, Any]:
    """In this process: one of its own takes a second to start."""
    place = ["--data-dir", str(worker.data), "--topology", str(live.topology), "--brokers", live.brokers]
    result = CliRunner().invoke(app, ["stats", *place, "--json", *arguments])
    if result.exit_code:
        assert result.output.startswith("There is no state under"), result.output
        return {"shoppers": 0}
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_stats_of_a_running_worker_and_of_its_changelog(live: LiveRun) -> None:
    # given a worker that has taken a history in, and goes on running
    live.send(history(1_000, shoppers=100))
    worker = live.worker("a")
    eventually("all shoppers are known", lambda: shoppers_taken(live, worker)["shoppers"] == 100)
    # when it is asked what its shoppers take
    found = shoppers_taken(live, worker, "--changelog")
    # then the stores of both agents are there, and the changelog holds records like those in the store
    assert [store["agent"] for store in found["stores"]] == ["shopper"] * 4 + ["intake"] * 4
    changelog = found["changelog"]["partitions"]
    assert [each["partition"] for each in changelog] == [0, 1, 2, 3]
    for store, partition in zip(found["stores"], changelog, strict=False):
        assert store["checkpoint"]["next_offset"] > 0
        assert store["changelog_offset"] < partition["end_offset"]
        assert partition["checkpoints"] > 0
        assert 0 < partition["record"]["median"] <= found["record"]["max"] + found["shopper_id"]["max"]
    # and the worker has noticed nothing: it takes more, and stops in order
    live.send(history(200, seed=9, shoppers=130))
    eventually("new shoppers are there too", lambda: shoppers_taken(live, worker)["shoppers"] > 110, 30)
    assert worker.stop() == 0
    assert "Traceback" not in worker.text()
