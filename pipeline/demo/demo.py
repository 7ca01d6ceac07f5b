"""The demo: broker, worker and traffic on this machine, put together, watched, and ended in order."""

import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import FrameType

from rich.console import Console

from pipeline.config.flow import LOGICAL_TOPICS
from pipeline.config.topology import Topology, load
from pipeline.demo.cast import Cast, cast_of
from pipeline.demo.child import Child
from pipeline.demo.console_page import ConsolePage
from pipeline.demo.feed import Feed
from pipeline.demo.history import History, history_topology
from pipeline.demo.rate import Rate
from pipeline.demo.screen import Vitals
from pipeline.demo.storefront import Scene, Storefront
from pipeline.demo.summary import summary
from pipeline.demo.tally import Tally
from pipeline.demo.ticker import Ticker
from pipeline.demo.traffic import Simulation, Traffic
from pipeline.demo.view import LiveView, PlainView, View
from pipeline.demo.worker_watch import WorkerWatch, free_port
from pipeline.kafka.clock import Acceleration
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.replay.source import LineSource

_HOST = "127.0.0.1"
_OPENING_HOUR = 10
_CLOCK_DELAY = 500
"""ms that the worker's clock is behind the simulator's: a record takes some time to the broker, and at 600 times the
speed that is minutes. Time told by the worker must not overtake records on their way."""
_PATIENCE = 0.1
_FRAME = 0.25
_QUIET = 5.0
_STOP_BUDGET = 15.0
_SLOW_START = 60.0
"""Seconds that a machine with much else to do gets for the first event; they do not count as watched."""


class DemoError(Exception):
    """The demo did not get on; one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. speed: of simulated time. rate: events a real second. seconds: how long to watch from the
    first event on, None = until told to end or the input is used up. plain: lines instead of the live screen. keep:
    leave state and logs there."""

    topology: Path
    speed: float
    rate: float
    seconds: float | None
    input: Path | None
    plain: bool
    keep: bool


@dataclass(frozen=True, slots=True)
class _Cluster:
    """What runs."""

    worker: Child
    watch: WorkerWatch
    feed: Feed
    traffic: Traffic
    storefront: Storefront | None
    page: ConsolePage


class Demo:
    """One run; tally, ticker and vitals are what was seen.

    environment: what topologies expand and children get, but for our own settings: they tell of a real Kafka.
    """

    def __init__(self, wish: Wish, environment: Mapping[str, str], console: Console) -> None:
        self._wish = wish
        self._environment = {name: text for name, text in environment.items() if not name.startswith("AFTERCLICK_")}
        self._console = console
        self.tally, self.ticker, self.vitals = Tally(), Ticker(), Vitals()
        self._began = time.monotonic()
        self._first_event: float | None = None
        self._first_decision: float | None = None
        self._stopping = False

    def run(self) -> None:
        """Until a signal, the end of the time or of the input; then the summary.

        Raises DemoError if a child died or nothing was decided; TopologyError, InputError, EmbeddedBrokerError.
        """
        problem = ""
        with self._signals(), ExitStack() as stack:
            folder = stack.enter_context(self._folder())
            lines = LineSource(str(self._wish.input)) if self._wish.input is not None else None
            path, topology = self._topology(folder)
            cast = cast_of(topology)
            view: View = PlainView(self._console, cast)
            cluster = self._start(stack, folder, path, topology, cast, lines)
            if not self._wish.plain:
                view = LiveView(self._console, cast)
            stack.callback(view.close)
            problem = self._watch(cluster, view)
        self._say(*summary(self.tally, cast, self._elapsed, self._first_decision))
        if problem:
            raise DemoError(problem)

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _topology(self, folder: Path) -> tuple[Path, Topology]:
        path = self._wish.topology
        topology = load(path, self._environment)
        if self._wish.input is None:
            return path, topology
        copy = folder / "topology.yaml"
        history_topology(path, copy)
        return copy, load(copy, self._environment)

    def _start(
        self, stack: ExitStack, folder: Path, path: Path, topology: Topology, cast: Cast, lines: LineSource | None
    ) -> _Cluster:
        """Broker, topics, worker, traffic. What was started is ended by `stack`, the traffic first."""
        wish = self._wish
        broker = EmbeddedBroker({topology.topic(name): topology.kafka.partitions for name in LOGICAL_TOPICS})
        stack.callback(broker.close)
        opening = datetime.now(cast.zone).replace(hour=_OPENING_HOUR, minute=0, second=0, microsecond=0)
        clock = Acceleration(int(opening.timestamp() * 1000), wish.speed, int(time.time() * 1000))
        port = free_port(_HOST)
        arguments = ["worker", "--topology", str(path), "--brokers", broker.brokers, "--data-dir", str(folder / "data")]
        arguments += ["--http", f"{_HOST}:{port}", "--embedded"]
        if lines is None:
            arguments += ["--clock", str(clock._replace(origin=clock.origin + _CLOCK_DELAY))]
        worker = Child("worker", arguments, folder / "worker.log", self._environment)
        stack.callback(worker.end, _STOP_BUDGET)
        watch = WorkerWatch(_HOST, port)
        stack.callback(watch.close)
        page = ConsolePage(_HOST, path, broker.brokers, folder, self._environment)
        stack.callback(page.close)
        storefront = None
        if lines is None:
            scene = Scene(path, broker.brokers, clock, folder, self._environment)
            storefront = Storefront(_HOST, scene, partial(cast.clock, form="%H:%M"))
            stack.callback(storefront.close)
        feed = Feed(broker.brokers, topology, cast.kinds, storefront)
        stack.callback(feed.close)
        stack.callback(worker.ask_to_end)
        traffic: Traffic
        if lines is None:
            log = folder / "simulator.log"
            traffic = Simulation(path, broker.brokers, wish.rate, clock, log, self._environment)
        else:
            traffic = History(lines, topology, broker.brokers, wish.rate)
        stack.callback(traffic.close)
        return _Cluster(worker, watch, feed, traffic, storefront, page)

    def _watch(self, cluster: _Cluster, view: View) -> str:
        """Show what comes, until the end. What went wrong, as a sentence; "" if nothing did."""
        rate = Rate()
        last_record = last_frame = time.monotonic()
        while not self._stopping and not self._time_is_up:
            if problem := cluster.worker.failure or cluster.traffic.problem or self._closed(cluster):
                return problem
            read = cluster.feed.read(self.tally, self.ticker, _PATIENCE)
            now = time.monotonic()
            if read:
                last_record = now
            elif cluster.traffic.over and cluster.watch.lag == 0 and now - last_record > _QUIET:
                break
            self._note_firsts(cluster)
            if now - last_frame >= _FRAME:
                self.ticker.advance(now - last_frame)
                self.vitals.rate, self.vitals.lag = rate.read(now, self.tally.events), cluster.watch.lag
                self.vitals.foot = self._foot(cluster)
                view.show(self.tally, self.ticker, self.vitals, self._elapsed)
                last_frame = now
        return "" if self.tally.decided or self._stopping else self._nothing()

    def _note_firsts(self, cluster: _Cluster) -> None:
        if self._first_event is None and self.tally.events:
            self._first_event = self._elapsed
        if self._wish.plain and (news := cluster.page.news()):
            self._say(news)
        if self._first_decision is None and self.tally.decided:
            self._first_decision = self._elapsed
            # Not before: they would take the machine from what is to be seen first.
            cluster.page.open()
            if cluster.storefront is not None:
                cluster.storefront.open()
                if self._wish.plain:
                    self._say(f"Shop yourself at {cluster.storefront.url}")

    @property
    def _time_is_up(self) -> bool:
        if self._wish.seconds is None:
            return False
        begun = self._first_event
        return self._elapsed >= self._wish.seconds + (_SLOW_START if begun is None else begun)

    def _foot(self, cluster: _Cluster) -> str:
        if not self.tally.events:
            return "The worker is starting. Ctrl-C ends it all."
        console = f"Console: {cluster.page.url}." if cluster.page.answers else ""
        if cluster.storefront is not None and console:
            return f"{console} Shop yourself: {cluster.storefront.url}. Ctrl-C ends it all."
        if self._wish.input is None:
            return "The first decisions are near. Ctrl-C ends it all."
        reading = "is read to its end" if cluster.traffic.over else "is being read"
        return f"{console} {self._wish.input.name} {reading}. Ctrl-C ends it all.".strip()

    def _closed(self, cluster: _Cluster) -> str:
        shop = cluster.storefront.failure if cluster.storefront is not None else ""
        return shop or cluster.page.failure

    def _nothing(self) -> str:
        if not self.tally.events:
            return f"No event came through within {self._elapsed:.0f} s."
        return f"{self.tally.events:,} events came through within {self._elapsed:.0f} s, and nothing was decided."

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._console.out(line, highlight=False)

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """Where state and logs are."""
        folder = Path(tempfile.mkdtemp(prefix="afterclick-demo-"))
        try:
            yield folder
        finally:
            if self._wish.keep:
                self._say(f"State and logs are in {folder}")
            else:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Have signals end the demo in order; a second one changes nothing, the end has its bounds."""
        kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {kind: signal.signal(kind, self._ask_to_stop) for kind in kinds}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)

    def _ask_to_stop(self, kind: int, frame: FrameType | None) -> None:
        self._stopping = True
