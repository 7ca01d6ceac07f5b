"""When a request is acknowledged: its records are on the log, or on the disk while the broker is away."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from pipeline.collector.in_flight import Busy, InFlight
from pipeline.collector.record import Record
from pipeline.collector.spool import Spool, SpoolFull

log = logging.getLogger(__name__)

# Seconds between two tries to bring the spool to a broker that is away.
_PAUSE = 1.0
# Records of the spool on their way at a time.
_CHUNK = 2_000

Done = Callable[[bool], None]


class Log(Protocol):
    """The clickstream's end. send: `done` is called once, from any thread, with whether all are acknowledged. answers:
    whether the brokers do; it may take some seconds."""

    def send(self, records: Sequence[Record], done: Done) -> None: ...

    def answers(self) -> bool: ...


class Delivery:
    """Takes records of requests, on one event loop.

    While anything is in the spool all goes through it, so that the order stays.
    """

    def __init__(self, log_end: Log, spool: Spool, in_flight: InFlight) -> None:
        self._log = log_end
        self._spool = spool
        self._in_flight = in_flight
        self._gate = threading.Lock()
        self._spooling = not spool.empty
        self._refused = False
        self._stopping = threading.Event()
        self._waiting: list[tuple[Sequence[Record], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._drainer = threading.Thread(target=self._drain, name="spool", daemon=True)

    @property
    def spooling(self) -> bool:
        return self._spooling

    @property
    def takes(self) -> bool:
        """False while brokers are away and the disk has taken no more."""
        return not (self._spooling and self._refused)

    def start(self) -> None:
        self._drainer.start()

    def stop(self) -> None:
        """What is in the spool stays there for the next start."""
        self._stopping.set()
        self._drainer.join(timeout=10)
        self._spool.close()

    async def put(self, records: Sequence[Record]) -> None:
        """Returns when the records are safe. Raises Busy: then they may or may not be, and the client sends again."""
        size = sum(len(record.key) + len(record.value) + 100 for record in records)
        self._in_flight.take(size)
        try:
            if self._spooling or not await self._sent(records):
                await self._spooled(records)
        finally:
            self._in_flight.give_back(size)

    async def _sent(self, records: Sequence[Record]) -> bool:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[bool] = loop.create_future()

        def settle(delivered: bool) -> None:
            if not outcome.done():
                outcome.set_result(delivered)

        def told(delivered: bool) -> None:
            loop.call_soon_threadsafe(settle, delivered)

        self._log.send(records, told)
        return await outcome

    async def _spooled(self, records: Sequence[Record]) -> None:
        """Appends that wait while the disk is busy share the next sync."""
        safe: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((records, safe))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await safe

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            failure: Exception | None = None
            try:
                await asyncio.to_thread(self._append, [records for records, _ in group])
            except (SpoolFull, OSError) as error:
                if not self._refused:
                    log.error("The spool takes no more: %s.", type(error).__name__)
                failure = Busy(503)
            self._refused = failure is not None
            for _, safe in group:
                if safe.done():
                    continue
                if failure is None:
                    safe.set_result(None)
                else:
                    safe.set_exception(failure)

    def _append(self, groups: Sequence[Sequence[Record]]) -> None:
        with self._gate:
            if not self._spooling:
                log.warning("The broker does not acknowledge; records go to the spool.")
            self._spooling = True
            self._spool.append(groups)

    def _drain(self) -> None:
        while not self._stopping.wait(0.1):
            if not self._spooling:
                continue
            with self._gate:
                found = self._spool.oldest()
                if found is None:
                    log.warning("All of the spool is on the log.")
                    self._spooling = False
                    continue
            segment, records = found
            chunk: list[Record] = []
            whole = True
            for record in records:
                chunk.append(record)
                if len(chunk) == _CHUNK:
                    whole = self._until_sent(chunk)
                    chunk = []
                    if not whole:
                        break
            if whole and self._until_sent(chunk):
                self._spool.remove(segment)
                self._refused = False

    def _until_sent(self, records: Sequence[Record]) -> bool:
        """Tries until it is done; False = stopping."""
        while not self._stopping.is_set():
            settled = threading.Event()
            outcome = [False]

            def settle(delivered: bool, outcome: list[bool] = outcome, settled: threading.Event = settled) -> None:
                outcome[0] = delivered
                settled.set()

            self._log.send(records, settle)
            while not settled.wait(0.2):
                if self._stopping.is_set():
                    return False
            if outcome[0]:
                return True
            self._stopping.wait(_PAUSE)
        return False
