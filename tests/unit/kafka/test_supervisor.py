"""Both agents of a worker."""

import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.commands import worker
from pipeline.config.settings import resolve
from pipeline.supervisor import Supervisor

WAIT = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); time.sleep(60)"


def command(program: str) -> list[str]:
    return [sys.executable, "-c", program]


@pytest.mark.parametrize(("given", "heaps"), [({}, "2"), ({"MALLOC_ARENA_MAX": "8"}, "8")])
def test_agents_get_few_heaps_unless_it_is_set(
    given: dict[str, str], heaps: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Mapping[str, str]] = []

    class Started:
        def __init__(self, commands: object, environment: Mapping[str, str], *_: object) -> None:
            seen.append(environment)

        def run(self) -> int:
            return 0

    monkeypatch.setattr(worker, "Supervisor", Started)
    monkeypatch.setattr(worker, "process_environment", lambda: given)
    assert worker._supervised(resolve({}), ["intake", "shopper"], None, None, None) == 0
    assert seen[0]["MALLOC_ARENA_MAX"] == heaps
    assert given.get("MALLOC_ARENA_MAX") in (None, "8")


@pytest.fixture(autouse=True)
def signals_as_before() -> object:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield None
    for number, handler in before.items():
        signal.signal(number, handler)


def test_if_one_agent_ends_the_other_is_stopped_and_the_worker_fails(caplog: pytest.LogCaptureFixture) -> None:
    agents = {"intake": command(WAIT), "shopper": command("import sys, time; time.sleep(0.5); sys.exit(3)")}
    assert Supervisor(agents, {}, None).run() == 3
    assert "The shopper agent ended (exit code 3); stopping the worker." in caplog.text


def test_the_code_is_that_of_the_agent_that_ended_also_if_the_other_is_still_starting() -> None:
    starting = command("import time; time.sleep(60)")
    agents = {"intake": starting, "shopper": command("import sys; sys.exit(1)")}
    assert Supervisor(agents, {}, None).run() == 1


def test_a_killed_agent_ends_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    dies = command("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert Supervisor({"intake": command(WAIT), "shopper": dies}, {}, None).run() == 1
    assert "killed by signal 9" in caplog.text


def test_asked_to_stop_it_stops_both_in_order() -> None:
    supervisor = Supervisor({"intake": command(WAIT), "shopper": command(WAIT)}, {}, None)

    def ask() -> None:
        time.sleep(1.0)
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=ask).start()
    assert supervisor.run() == 0


def test_the_agents_are_told_where_to_listen(tmp_path: Path) -> None:
    told = tmp_path / "told"
    program = f"import pathlib, sys; pathlib.Path({str(told)!r}).write_text(' '.join(sys.argv[1:]))"
    Supervisor({"shopper": command(program)}, {}, None).run()
    flag, socket = told.read_text().split()
    assert (flag, Path(socket).name) == ("--socket", "shopper")
