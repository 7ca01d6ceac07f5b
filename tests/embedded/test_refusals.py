"""What keeps a worker from starting is told in one sentence that says what to do, without a traceback."""

import socket
from pathlib import Path

import pytest

from tests.support.live_run import LiveRun
from tests.support.shop_history import write_topology
from tests.support.worker_process import afterclick, eventually

pytestmark = pytest.mark.embedded


def told(*arguments: str | Path) -> tuple[int, str]:
    run = afterclick(*arguments)
    assert "Traceback" not in run.stderr
    return run.returncode, run.stderr


def test_brokers_that_are_away(tmp_path: Path) -> None:
    topology = write_topology(tmp_path / "topology.yaml")
    code, said = told("topics", "--topology", topology, "--brokers", "127.0.0.1:1")
    assert code == 1
    assert said == (
        "No broker answers at 127.0.0.1:1; start Kafka, or name its address with --brokers or AFTERCLICK_BROKERS.\n"
    )


def test_a_data_directory_that_another_worker_has(live: LiveRun) -> None:
    worker = live.worker("a", "shopper")
    eventually("it runs", lambda: (worker.data / "shopper" / "owner").exists(), 20)
    arguments = ["worker", "--embedded", "--brokers", live.brokers, "--topology", live.topology, "--http", "off"]
    code, said = told(*arguments, "--agent", "shopper", "--data-dir", worker.data)
    assert code == 1
    assert f"in use by another worker (process {worker.process.pid})" in said
    # and the supervisor passes it on
    code, said = told(*arguments, "--data-dir", worker.data)
    assert code == 1
    assert "give each worker its own with --data-dir" in said
    assert "The shopper agent ended (exit code 1); stopping the worker." in said


def test_a_port_in_use(live: LiveRun) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        arguments = ["worker", "--embedded", "--brokers", live.brokers, "--topology", live.topology]
        code, said = told(*arguments, "--http", address, "--data-dir", live.folder / "data")
    assert code == 1
    assert f"can't listen on {address}" in said
    assert "AFTERCLICK_HTTP" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--agent", "collector"], "There is no agent 'collector'; there are intake and shopper."),
        (["--clock", "1:2"], "--clock goes with --embedded only: real brokers have a clock of their own."),
        (["--embedded", "--clock", "soon"], "--clock is 'soon', it should be START_MS:SPEED."),
    ],
)
def test_arguments_that_make_no_sense(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    topology = write_topology(tmp_path / "topology.yaml")
    assert told("worker", "--topology", topology, *arguments) == (2, f"{sentence}\n")


def test_a_broken_topology_never_starts_a_worker(tmp_path: Path) -> None:
    broken = tmp_path / "topology.yaml"
    broken.write_text("version: 1\nname: shop\nsegments: {a: {when: {coutn: {of: x}}}}\n")
    code, said = told("worker", "--topology", broken)
    assert code == 2
    assert "coutn" in said
