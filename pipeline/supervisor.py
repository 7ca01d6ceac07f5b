"""The agents of a worker, a process each; if one ends, the other is stopped and the worker ends too."""

import logging
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from pipeline.observability.endpoint import Endpoint
from pipeline.observability.gather import gathered_routes

log = logging.getLogger(__name__)

STOP_BUDGET = 25.0
"""Seconds that the agents have to end by themselves; a little more than they take at most."""

QUERY_PAUSE = 5.0
"""Seconds after which the query API is started again when it ended: decisions do not wait for who looks at them."""

MISTAKE = 2
"""Its exit code where starting it again would not help, as of an address that is taken."""


class Supervisor:
    """commands: agent -> its command line, but for `--socket PATH` of its health and metrics. query: that of the query
    API, but for `--query-of PATH`, the socket of the shopper agent; None: there is none.

    Whoever runs the worker (systemd, Kubernetes, Compose) restarts it as a whole: a second policy here would only hide
    a crash loop from it.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        http: tuple[str, int] | None,
        query: Sequence[str] | None = None,
    ) -> None:
        """Raises EndpointError if the address is taken."""
        self._folder = tempfile.TemporaryDirectory(prefix="afterclick-")
        self._sockets = {agent: Path(self._folder.name) / agent for agent in commands}
        self._commands = commands
        self._environment = environment
        self._endpoint = Endpoint(http, gathered_routes(self._sockets)) if http is not None else None
        self._stopping = False
        self._query: subprocess.Popen[bytes] | None = None
        self._query_command = query
        self._query_at = 0.0

    def run(self) -> int:
        """Until a signal or the end of one agent; the worker's exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        processes = {
            # A process group of their own: Ctrl-C reaches them through us only, once.
            agent: self._started([*command, "--socket", str(self._sockets[agent])])
            for agent, command in self._commands.items()
        }
        code = 0
        try:
            while not self._stopping:
                ended = {agent: each.returncode for agent, each in processes.items() if each.poll() is not None}
                if ended:
                    agent, returncode = next(iter(ended.items()))
                    log.critical("The %s agent ended (%s); stopping the worker.", agent, _told(returncode))
                    code = returncode if returncode > 0 else 1
                    break
                if self._query_is_a_mistake():
                    code = MISTAKE
                    break
                time.sleep(0.1)
            stopped = _stop([*processes.values(), *self._queries()])
            return code or stopped
        finally:
            for each in (*processes.values(), *self._queries()):
                if each.poll() is None:
                    each.kill()
            if self._endpoint is not None:
                self._endpoint.close()
            self._folder.cleanup()

    def _started(self, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, env=self._environment, process_group=0)

    def _queries(self) -> list["subprocess.Popen[bytes]"]:
        return [] if self._query is None else [self._query]

    def _query_is_a_mistake(self) -> bool:
        """See that the query API runs; whether that is of no use."""
        if self._query_command is None or (self._query is not None and self._query.poll() is None):
            return False
        if self._query is not None:
            if self._query.returncode == MISTAKE:
                return True
            if self._query_at == 0.0:
                log.error("The query API ended (%s); starting it again.", _told(self._query.returncode))
                self._query_at = time.monotonic() + QUERY_PAUSE
        if time.monotonic() >= self._query_at:
            self._query = self._started([*self._query_command, "--query-of", str(self._sockets["shopper"])])
            self._query_at = 0.0
        return False

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True


def _stop(processes: Sequence["subprocess.Popen[bytes]"]) -> int:
    """Ask all to stop, wait for them. 0, or the code of one that did not stop in order."""
    asked = [each for each in processes if each.poll() is None]
    for each in asked:
        each.terminate()
    deadline = time.monotonic() + STOP_BUDGET
    code = 0
    for each in asked:
        try:
            ended = each.wait(max(0.0, deadline - time.monotonic()))
            # One that is still starting has no handler yet: our signal ends it, which is as good as in order.
            code = code if ended in (0, -signal.SIGTERM) else ended
        except subprocess.TimeoutExpired:
            each.kill()
            code = 1
    return abs(code)


def _told(returncode: int) -> str:
    return f"killed by signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
