"""One agent's process: started, watched, and stopped within a bound."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import uvloop

from pipeline.app import RunningAgent
from pipeline.observability.endpoint import Address, Endpoint
from pipeline.observability.health import agent_routes
from pipeline.observability.stuck import Beat, StuckDetector, Watchdog

log = logging.getLogger(__name__)

STOP_BUDGET = 20.0
"""Seconds from the signal to the end of the process, whatever is still in hand."""

STOPPED, FAILED, STUCK = 0, 1, 70
"""Exit codes: as asked; nothing left to work on; no progress, or no end within the budget."""


class Worker:
    """Runs an agent until it is told to stop, or gives up.

    address: of health and metrics, None = off; raises EndpointError if it is taken. supervised: stop when the process
    that started this one is gone.
    """

    def __init__(self, make: Callable[[], RunningAgent], address: Address | None, supervised: bool = False) -> None:
        # Faust ties an app to the loop that is current when it is made.
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._agent = make()
        self._beat = Beat()
        self._stopping = asyncio.Event()
        self._code = STOPPED
        self._parent = os.getppid() if supervised else None
        ownership = self._agent.app.ownership
        routes = agent_routes(self._agent.metrics, self._beat, ownership.not_ready)
        self._endpoint = Endpoint(address, routes) if address is not None else None
        self._watchdog = Watchdog(StuckDetector(self._beat, self._agent.places), lambda: _end(STUCK))

    def run(self) -> int:
        """Exit code of the process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._ask_to_stop)
        self._watchdog.start()
        try:
            self._loop.run_until_complete(self._live())
        finally:
            self._watchdog.stop()
            if self._endpoint is not None:
                self._endpoint.close()
        return self._code

    def _ask_to_stop(self) -> None:
        if not self._stopping.is_set():
            log.info("Stopping.")
            self._stopping.set()
            _end_after(STOP_BUDGET)

    async def _live(self) -> None:
        app = self._agent.app
        app.in_worker = True
        tasks = [
            asyncio.create_task(self._turn(), name="beat"),
            asyncio.create_task(self._look_for_the_end(), name="failures"),
        ]
        await app.start()
        tasks.append(asyncio.create_task(self._agent.source_watch.run(), name="source-watch"))
        log.info("Started.")
        await self._stopping.wait()
        for task in tasks[1:]:
            task.cancel()
        await app.ownership.close()
        with contextlib.suppress(Exception):
            await app.stop()
        tasks[0].cancel()
        log.info("Stopped.")

    async def _turn(self) -> None:
        while True:
            self._beat.turn()
            await asyncio.sleep(0.5)

    async def _look_for_the_end(self) -> None:
        """Give up when Faust crashed, or when no partition is left that works."""
        app = self._agent.app
        while True:
            await asyncio.sleep(0.5)
            if app.crashed:
                log.critical("The consumer ended: %s.", type(app.crash_reason).__name__)
            elif app.ownership.all_failed:
                log.critical("All partitions of this worker failed; see above.")
            elif self._parent is not None and os.getppid() != self._parent:
                log.critical("The supervisor is gone.")
            else:
                continue
            self._code = FAILED
            self._ask_to_stop()
            return


def _end_after(seconds: float) -> None:
    """End this process the hard way if it has not ended by then; whoever owns its partitions next loses nothing."""

    def wait() -> None:
        time.sleep(seconds)
        log.critical("Not stopped within %.0f s; ending now.", seconds)
        _end(STUCK)

    threading.Thread(target=wait, name="end", daemon=True).start()


def _end(code: int) -> None:
    sys.stderr.flush()
    os._exit(code)
