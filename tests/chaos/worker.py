"""A whole worker of the chaos run: its supervisor and both agents, as one thing that can be hurt."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.support.worker_process import WorkerProcess

SESSION = 6.0
"""Session timeout of the workers' groups, seconds: who is silent for longer counts as dead."""
_STOP_PATIENCE = 40.0


class _Apart(WorkerProcess):
    """In a process group of its own: Ctrl-C is for the run, which then heals and audits."""

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command, stdout=output, stderr=output, env=self._environment, process_group=0
            )


class ChaosWorker:
    """Starts at once. Whoever runs it calls `look` now and then, which restarts it as Kubernetes would.

    exits: codes with which it ended unasked. kept_down: until then, monotonic seconds, it is not restarted.
    """

    def __init__(self, folder: Path, name: str, topology: Path, brokers: str) -> None:
        self.name = name
        self.kept_down = 0.0
        self.wanted = True
        self.exits: list[int] = []
        self.frozen = False
        self._killed = False
        self._stop_by = 0.0
        flags = ["--topology", str(topology)]
        self._process = _Apart(folder, name, *flags, session=int(SESSION * 1000), BROKERS=brokers)

    @property
    def running(self) -> bool:
        return self._process.process.poll() is None

    @property
    def healthy(self) -> bool:
        """Running, and neither frozen nor asked to stop."""
        return self.running and not self.frozen and not self._stop_by

    def look(self) -> None:
        """Restart it if it ended and is wanted; end what does not stop when asked to."""
        if self.running:
            if self._stop_by and time.monotonic() > self._stop_by:
                self.kill()
            return
        if not self._killed:
            code = self._process.process.returncode
            if not self._stop_by or code:
                self.exits.append(code)
            self._killed = True
        if self.wanted and time.monotonic() >= self.kept_down:
            self._killed, self._stop_by = False, 0.0
            self._process.start()

    def kill(self) -> None:
        """kill -9 of all its processes, as a machine that dies."""
        self._process.kill()
        self._killed, self.frozen = True, False

    def kill_agent(self, place: int) -> bool:
        """kill -9 of one of its agents; False if it has none just now."""
        agents = self._process.agents()
        if not agents:
            return False
        self._killed = True
        _send(agents[place % len(agents)], signal.SIGKILL)
        return True

    def freeze(self) -> None:
        self.frozen = True
        self._process.process.send_signal(signal.SIGSTOP)
        for process in self._process.agents():
            _send(process, signal.SIGSTOP)

    def thaw(self) -> None:
        if self.frozen and self.running:
            for process in [*self._process.agents(), self._process.process.pid]:
                _send(process, signal.SIGCONT)
        self.frozen = False

    def ask_to_stop(self) -> None:
        if self.running:
            self._stop_by = time.monotonic() + _STOP_PATIENCE
            self._process.process.send_signal(signal.SIGTERM)

    def wipe(self) -> None:
        """Its disk is lost. Only of one that is dead."""
        shutil.rmtree(self._process.data, ignore_errors=True)

    def tail(self, characters: int = 3_000) -> str:
        return self._process.text()[-characters:]


def _send(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
