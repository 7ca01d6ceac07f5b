"""`afterclick collector` as a user runs it: a process of its own, that can be killed."""

import os
import signal
import subprocess
from pathlib import Path

import httpx2

from tests.support.apache_kafka import free_port
from tests.support.worker_process import COMMAND, eventually


class CollectorProcess:
    """Its spool stays in `folder`, whichever process has it. Output goes to `log`."""

    def __init__(self, folder: Path, topology: Path, brokers: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "collector.log"
        place = ["--data-dir", str(folder / "data"), "--http", "off", "--listen", f"127.0.0.1:{port}"]
        self._command = [*COMMAND, "collector", *place, "--topology", str(topology), "--brokers", brokers]
        self.start()

    def start(self) -> None:
        """At the same address, on the same spool; returns when it answers."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=os.environ | {"AFTERCLICK_COLLECTOR_WRITE_KEYS": "*", "AFTERCLICK_COLLECTOR_ORIGINS": "*"},
                stdout=output,
                stderr=output,
            )
        eventually("the collector answers", self._answers, 30)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(30)

    def health(self) -> str:
        """What it says of itself; "" if it does not answer."""
        try:
            return str(httpx2.get(f"{self.url}/health", timeout=10).json()["status"])
        except httpx2.TransportError:
            return ""

    def resident(self) -> int:
        """Memory, bytes."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        return self.health() != ""
