"""The tests' own worker: what is killed is gone, and can do nothing to the topics of the next test."""

from pathlib import Path

import pytest

from tests.support.worker_process import WorkerProcess, eventually, runs

pytestmark = pytest.mark.embedded


def test_a_killed_worker_leaves_no_agent_behind(tmp_path: Path) -> None:
    topology = tmp_path / "topology.yaml"
    topology.write_text("version: 1\nname: shop\nkafka: {partitions: 1, replication: 1}\n")
    worker = WorkerProcess(tmp_path, "a", "--topology", topology, "--embedded")
    try:
        eventually("both agents run", lambda: len(worker.agents()) == 2, 30)
        agents = worker.agents()
    finally:
        worker.kill()
    assert not any(map(runs, [worker.process.pid, *agents]))
