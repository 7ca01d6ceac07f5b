"""`afterclick` as a user runs it: processes of its own, that can be killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

# A machine with other work is several times slower; what comes true waits no longer for it.
SLOWEST = 3
COMMAND = [sys.executable, "-c", "from pipeline.cli import main; main()"]


def afterclick(*arguments: str | Path, patience: float = 200, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end. patience: seconds, on a machine that is not busy. settings: of its environment, without
    their AFTERCLICK_."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=patience * SLOWEST,
        env=_environment(**settings),
        check=False,
    )


class WorkerProcess:
    """A worker, or one agent of it. Output goes to `log`. session: timeout of its groups, ms, 6 s at least on Kafka.
    prelude: Python that runs before anything of ours. settings: as for `afterclick`."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *arguments: str | Path,
        session: int = 6_000,
        prelude: str = "",
        **settings: str,
    ) -> None:
        self._environment = _environment(**{"KAFKA_SESSION_TIMEOUT_MS": str(session)} | settings)
        self.data = folder / name
        self.log = folder / f"{name}.log"
        python, flag, program = COMMAND
        place = ["--data-dir", str(self.data), "--http", "off"]
        self._command = [python, flag, prelude + program, "worker", *place, *map(str, arguments)]
        self._paused: list[int] = []
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(self._command, stdout=output, stderr=output, env=self._environment)

    def pause(self) -> None:
        """Stop it and its agents where they are, as a machine that hangs, until `resume`."""
        self._paused = [self.process.pid, *self.agents()]
        self._signal_paused(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_paused(signal.SIGCONT)
        self._paused = []

    def _signal_paused(self, number: signal.Signals) -> None:
        for process in self._paused:
            os.kill(process, number)

    def agents(self) -> list[int]:
        """Processes of a worker that runs both."""
        process = self.process.pid
        try:
            children = Path(f"/proc/{process}/task/{process}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [int(child) for child in children.split()]

    def kill(self, wipe: bool = False) -> None:
        """As a machine that dies, all processes at once; with `wipe` its disk dies too."""
        if self.process.poll() is None:
            # A stopped supervisor starts no further process.
            self.process.send_signal(signal.SIGSTOP)
        agents = self.agents()
        for process in agents:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        # An agent that outlives its supervisor stops in order, and commits into what may be the next test's topics.
        eventually("its agents are gone", lambda: not any(map(runs, agents)), 30)
        if wipe:
            shutil.rmtree(self.data, ignore_errors=True)

    def stop(self, patience: float = 30) -> int:
        """Ask to stop; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(patience * SLOWEST)
        if code:
            # Shown if the test fails for it.
            print(f"{self.log.name} ended with {code}:\n{self.text()[-6_000:]}")
        return code

    def text(self) -> str:
        return self.log.read_text()


def runs(process: int) -> bool:
    """Whether there is such a process, and not just its exit code that nobody asked for yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(what: str, holds: Callable[[], bool], patience: float = 60) -> None:
    """Wait until `holds`; fails saying `what` did not come true. patience: seconds of an idle machine."""
    patience *= SLOWEST
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {what}"
        time.sleep(0.2)


def _environment(**settings: str) -> dict[str, str]:
    """Ours, without settings that a developer's shell may hold. settings: without their AFTERCLICK_."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AFTERCLICK_")}
    return kept | {f"AFTERCLICK_{name}": value for name, value in settings.items()}
