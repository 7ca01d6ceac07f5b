"""A child process of the demo: started, watched and ended, with its output in a file."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_LONGEST = 300


class Child:
    """One `afterclick` command, in a session of its own: a Ctrl-C on the terminal reaches the demo alone, which then
    ends its children in order. name: for people. log: where stdout and stderr go."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(os.getpid()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def code(self) -> int | None:
        """Exit code, None while it runs; below 0: the signal that ended it."""
        return self._process.poll()

    @property
    def failure(self) -> str:
        """A sentence with the last line that it said, once it has failed; else ""."""
        code = self.code
        if not code:
            return ""
        lines = self._log.read_text(errors="replace").split("\n")
        spoken = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        return f"The {self.name} ended {how}: {spoken[:_LONGEST]}"

    def ask_to_end(self) -> None:
        if self.code is None:
            self._process.terminate()

    def end(self, patience: float) -> None:
        """Wait for it at most `patience` seconds, then kill it; its own children see that it is gone."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        if self.code is None:
            self._process.kill()
            self._process.wait()


def _end_with(parent: int) -> None:
    """Have this process end in order when the one that started it is gone, however that ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


if __name__ == "__main__":
    from pipeline.cli import main

    _end_with(int(sys.argv.pop(1)))
    main()
