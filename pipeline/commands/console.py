"""`afterclick console`: a page that shows what is decided, and a shopper."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, LogFormat, TopologyFile
from pipeline.commands.place import known_at
from pipeline.config.address import address
from pipeline.config.flow import CLICKSTREAM, DEAD_LETTERS
from pipeline.config.settings import PREFIX, Settings, SettingsError, process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.console.application import Console
from pipeline.console.feed import Away, Feed
from pipeline.console.gate import LEAST_KEY, LOOPBACK
from pipeline.console.live_state import LiveState
from pipeline.console.server import serve
from pipeline.console.shopper_page import NotFound, ShopperPage
from pipeline.demo.published_record import PublishedRecord, reader_of
from pipeline.domain.decision import DECISION_TOPICS
from pipeline.explain.known import Known
from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
from pipeline.kafka.client import Client, ClientError
from pipeline.kafka.topic_tail import EARLIEST, TailError, TopicTail
from pipeline.observability.log import configure

KEY = f"{PREFIX}CONSOLE_KEY"
_LISTEN = "127.0.0.1:8070"
_PATIENCE = 10.0


def command(
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    listen: Annotated[
        str | None,
        typer.Option(
            "--listen", metavar="HOST:PORT", help=f"Where browsers ask; {_LISTEN}. [env: AFTERCLICK_CONSOLE_LISTEN]"
        ),
    ] = None,
    brokers: Brokers = None,
    log_format: LogFormat = None,
) -> None:
    """Serve a page that shows what is decided as it is decided: rates, members, abandonment, tiers, dead letters; and
    of each shopper state, explanations, decisions and ledger. Reads topics as any consumer, committed records only,
    writes nothing, and keeps nothing. On another address than this machine's own, browsers ask for
    AFTERCLICK_CONSOLE_KEY as password.

    Examples: [bold]afterclick console --brokers kafka:9092[/] ·
    [bold]AFTERCLICK_CONSOLE_KEY=... afterclick console --listen 0.0.0.0:8070[/]
    """
    environment = process_environment()
    settings = resolve(environment, topology=topology, brokers=brokers, log=log_format)
    loaded = load(settings.topology, environment)
    key = environment.get(KEY, "")
    where = _address(listen or environment.get(f"{PREFIX}CONSOLE_LISTEN") or _LISTEN, key)
    configure("json" if settings.log == "json" else "text", "console")
    try:
        topics = PublicTopics(loaded, settings)
        state = LiveState(loaded)
        feed = Feed(topics, state)
        feed.start()
        serve(Console(state, ShopperPage(loaded, topics)), where, key)
        feed.close()
    except (ClientError, OSError) as error:
        raise Failure(str(error)) from error


class PublicTopics:
    """What the console reads, on the brokers."""

    def __init__(self, topology: Topology, settings: Settings) -> None:
        self._topology = topology
        self._settings = settings
        self._properties = Client(settings.brokers, settings.kafka).librdkafka(f"{topology.name}.console")
        used = topology.used_topics()
        decided = [name for name in DECISION_TOPICS if name in used]
        self._decided = {topology.topic(name): name for name in decided}
        self._all = self._decided | {topology.topic(DEAD_LETTERS): DEAD_LETTERS}

    @contextmanager
    def records(self) -> Iterator[Iterable[PublishedRecord]]:
        with self._tail(self._all) as tail:
            yield map(reader_of(self._topology, self._all), tail.records(EARLIEST, follow=True))

    @contextmanager
    def arrivals(self) -> Iterator[Callable[[], int]]:
        with self._tail({self._topology.topic(CLICKSTREAM): CLICKSTREAM}) as tail:
            yield tail.arrived

    def known(self, shopper: str) -> Known:
        try:
            return known_at(self._topology, self._settings, shopper, None, None, None, None, self._settings.brokers)
        except Failure as failure:
            raise NotFound(str(failure)) from None

    def published(self, shopper: str) -> Iterator[PublishedRecord]:
        try:
            with self._tail(self._decided, shopper.encode()) as tail:
                yield from map(reader_of(self._topology, self._decided), tail.records(EARLIEST, follow=False))
        except Away as away:
            raise NotFound(str(away)) from None

    @contextmanager
    def _tail(self, topics: dict[str, str], key: bytes | None = None) -> Iterator[TopicTail]:
        try:
            TopicAdmin(self._properties).wait_for_brokers(_PATIENCE)
            with TopicTail(self._properties, list(topics), key) as tail:
                yield tail
        except (BrokersAway, AdminError, TailError) as error:
            raise Away(str(error)) from error


def _address(text: str, key: str) -> tuple[str, int]:
    """Raises SettingsError with all that is wrong."""
    problems: list[str] = []
    found = address(text, "--listen", problems, _LISTEN)
    if key and len(key) < LEAST_KEY:
        problems.append(f"{KEY} has fewer than {LEAST_KEY} characters; one that can be guessed is none.")
    if not problems and not key and found[0] not in LOOPBACK:
        problems.append(f"{text} can be reached from elsewhere: set {KEY}, the password that browsers ask for.")
    if problems:
        raise SettingsError(problems)
    return found
