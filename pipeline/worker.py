"""One agent's process: started, watched, and stopped within a bound."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

import uvloop

from pipeline.app import RunningAgent
from pipeline.observability.endpoint import Address, Endpoint
from pipeline.observability.health import agent_routes
from pipeline.observability.log import describe
from pipeline.observability.stuck import Beat, StuckDetector, Watchdog
from pipeline.query.placement import PATH, placement_answer

log = logging.getLogger(__name__)

STOP_BUDGET = 20.0
"""Seconds from the signal to the end of the process, whatever is still in hand."""

LEAVE_BUDGET = 3.0
"""Seconds of it for the last commit, and again for leaving the group."""

TOPICS_EVERY = 10.0
"""Seconds between two looks at whether the topics are still what they were."""

COLLECT_EVERY = 5.0
"""Seconds between two collections of cycles."""

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
        routes = {
            **agent_routes(self._agent.metrics, self._beat, ownership.not_ready),
            PATH: lambda: placement_answer(self._agent.placement()),
        }
        self._endpoint = Endpoint(address, routes) if address is not None else None
        self._watchdog = Watchdog(
            StuckDetector(self._beat, self._agent.places, away=self._agent.brokers_away), lambda: _end(STUCK)
        )

    def run(self) -> NoReturn:
        """Ends the process with one of the exit codes; threads of libraries that hang do not hold it up."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._ask_to_stop)
        self._watchdog.start()
        settle_collector()
        try:
            self._loop.run_until_complete(self._live())
        finally:
            self._watchdog.stop()
            if self._endpoint is not None:
                self._endpoint.close()
        _end(self._code)

    def _ask_to_stop(self) -> None:
        if not self._stopping.is_set():
            log.info("Stopping.")
            self._stopping.set()
            _end_after(STOP_BUDGET)

    async def _live(self) -> None:
        app = self._agent.app
        app.in_worker = True
        beating = asyncio.create_task(self._turn(), name="beat")
        looking = asyncio.create_task(self._look_for_the_end(), name="failures")
        topics = asyncio.create_task(self._look_at_the_topics(), name="topics")
        collecting = asyncio.create_task(_collect(), name="collector")
        starting = asyncio.create_task(self._start(), name="start")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        error = starting.exception() if starting.done() else None
        if error is not None:
            log.critical("Could not start: %s", describe(error), exc_info=error)
            self._code = FAILED
        for task in (starting, looking, topics, collecting):
            task.cancel()
        await app.leave(LEAVE_BUDGET)
        beating.cancel()
        log.info("Stopped.")

    async def _start(self) -> None:
        await self._agent.app.start()
        log.info("Started.")
        await self._agent.source_watch.run()

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
            elif trouble := await app.group_trouble():
                log.critical(trouble)
            else:
                continue
            self._code = FAILED
            self._ask_to_stop()
            return

    async def _look_at_the_topics(self) -> None:
        """Give up when a topic is not what it was."""
        watch = self._agent.topic_watch
        while watch is not None:
            trouble = await asyncio.to_thread(watch.trouble)
            if trouble:
                log.critical(trouble)
                self._code = FAILED
                self._ask_to_stop()
                return
            await asyncio.sleep(TOPICS_EVERY)


async def _collect() -> None:
    while True:
        await asyncio.sleep(COLLECT_EVERY)
        gc.collect()


def settle_collector() -> None:
    """Turn the collector of cycles off, and have it leave alone what the process has built by now.

    Batches allocate containers by the hundred thousand and make no cycles of them, so that a good part of an event's
    cost was the collector walking the same records again, however seldom. What makes cycles, as failed tasks and their
    tracebacks, is little; the worker looks for it by the clock, see COLLECT_EVERY.
    """
    gc.collect()
    gc.freeze()
    gc.disable()


def _end_after(seconds: float) -> None:
    """End this process the hard way if it has not ended by then; whoever owns its partitions next loses nothing."""

    def wait() -> None:
        time.sleep(seconds)
        log.critical("Not stopped within %.0f s; ending now.", seconds)
        _end(STUCK)

    threading.Thread(target=wait, name="end", daemon=True).start()


def _end(code: int) -> NoReturn:
    sys.stderr.flush()
    os._exit(code)
