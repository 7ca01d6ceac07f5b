"""The run: traffic into a sink, as far and as fast as asked for."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event as Flag
from types import FrameType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.domain.value.instant import format_instant
from pipeline.simulator.pace import Pace
from pipeline.simulator.traffic import Delivery, Traffic, World

_SHOWN_EVERY = 0.2


class Sink(Protocol):
    def send(self, delivery: Delivery) -> None: ...


@dataclass(slots=True)
class Sent:
    """What was sent. last: simulated received time of the latest call, ms."""

    calls: int = 0
    last: int = 0
    stopped: bool = False


def run(
    world: World,
    sink: Sink,
    stop: Flag,
    *,
    calls: int | None = None,
    until: int | None = None,
    pace: Pace | None = None,
    shown: Callable[[Sent], None] | None = None,
) -> Sent:
    """Send calls until there are so many, simulated time is at `until` (ms), or `stop` is set."""
    sent, look = Sent(), time.monotonic()
    if calls == 0:
        return sent
    for delivery in Traffic(world):
        if until is not None and delivery.received >= until:
            break
        if stop.is_set() if pace is None else not pace.wait(delivery.received):
            sent.stopped = True
            break
        sink.send(delivery)
        sent.calls += 1
        sent.last = delivery.received
        if shown is not None and (sent.calls & 63 == 0 or pace is not None) and time.monotonic() - look > _SHOWN_EVERY:
            look = time.monotonic()
            shown(sent)
        if sent.calls == calls:
            break
    return sent


@contextmanager
def stopping() -> Iterator[Flag]:
    """A flag that Ctrl-C and SIGTERM set; what is under way is finished in order."""
    stop = Flag()

    def ask(kind: int, frame: FrameType | None) -> None:
        stop.set()

    kinds = (signal.SIGINT, signal.SIGTERM)
    before = {kind: signal.signal(kind, ask) for kind in kinds}
    try:
        yield stop
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


@contextmanager
def progress(console: Console, world: World, calls: int | None, until: int | None) -> Iterator[Callable[[Sent], None]]:
    """A bar on the terminal, by calls or by simulated time, whichever bounds the run."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    total = calls if calls is not None else None if until is None else until - world.start
    began = time.monotonic()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("simulate", total=total)

        def show(sent: Sent) -> None:
            rate = sent.calls / max(time.monotonic() - began, 0.001)
            told = f"{format_instant(sent.last)[:19]} · {sent.calls:,} calls · {rate:,.0f}/s"
            done = sent.calls if calls is not None else sent.last - world.start
            bar.update(task, completed=done, description=told)

        yield show
