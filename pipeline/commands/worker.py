"""`afterclick worker`: run the agents."""

import gc
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from pipeline.access import agent_grants_of
from pipeline.commands.failure import Failure
from pipeline.commands.options import (
    DEFAULT_TOPOLOGY,
    Brokers,
    DataDirectory,
    Http,
    LogFormat,
    SchemaRegistry,
    TopologyFile,
)
from pipeline.config.query import QuerySettings, resolve_query
from pipeline.config.settings import Settings, process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.data_directory import DataDirectory as OwnedDirectory
from pipeline.data_directory import DataDirectoryError
from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin, Unanswered
from pipeline.kafka.client import Client, ClientError
from pipeline.kafka.clock import Acceleration
from pipeline.kafka.embedded import Embedded
from pipeline.kafka.grant import needed_on_topics
from pipeline.observability.log import configure
from pipeline.supervisor import Supervisor
from pipeline.topics import AGENT_TOPICS, INTAKE, plans_of

log = logging.getLogger(__name__)

_PATIENCE = 30.0

T = TypeVar("T")


def command(
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    agent: Annotated[
        str | None, typer.Option("--agent", metavar="NAME", help="Run one alone: intake or shopper.")
    ] = None,
    brokers: Brokers = None,
    data_dir: DataDirectory = None,
    http: Http = None,
    schema_registry: SchemaRegistry = None,
    log_format: LogFormat = None,
    embedded: Annotated[bool, typer.Option("--embedded", hidden=True)] = False,
    clock: Annotated[str | None, typer.Option("--clock", hidden=True)] = None,
    query: Annotated[
        str | None,
        typer.Option("--query", metavar="HOST:PORT", help="Serve the query API, or `off`. [env: AFTERCLICK_QUERY]"),
    ] = None,
    socket: Annotated[Path | None, typer.Option("--socket", hidden=True)] = None,
    query_of: Annotated[Path | None, typer.Option("--query-of", hidden=True)] = None,
) -> None:
    """Run the agents until SIGTERM or Ctrl-C: intake (clickstream to shopper-events) and shopper (shopper-events to
    decisions), a process each. Workers of one topology share its partitions; each needs its own --data-dir.

    Examples: [bold]afterclick worker[/] · [bold]afterclick worker --agent shopper --data-dir /data/b --http off[/] ·
    [bold]AFTERCLICK_QUERY_KEYS=$KEY:read afterclick worker --query 127.0.0.1:8081[/]
    """
    settings = resolve(
        process_environment(),
        topology=topology,
        brokers=brokers,
        data_directory=data_dir,
        http=http,
        schema_registry=schema_registry,
        log=log_format,
    )
    if agent is not None and agent not in AGENT_TOPICS:
        raise Failure(f"There is no agent {agent!r}; there are {' and '.join(AGENT_TOPICS)}.", 2)
    own = resolve_query(process_environment(), query) if socket is None else None
    if query is not None and own is not None and agent == INTAKE:
        raise Failure("--query goes with the shopper agent, which has the shoppers; intake has none.", 2)
    loaded = load(settings.topology, process_environment())
    if query_of is not None and own is not None:
        _query(loaded, settings, own, query_of)
        return
    configure("json" if settings.log == "json" else "text", agent or "")
    simulated = _embedded(embedded, clock)
    try:
        if socket is None and simulated is None:
            check_brokers(loaded, settings, [agent] if agent else list(AGENT_TOPICS))
        if agent is not None and (own is None or agent == INTAKE):
            _one(agent, loaded, settings, socket, simulated)
        raise typer.Exit(_supervised(settings, [agent] if agent else list(AGENT_TOPICS), simulated, own, query))
    except (BrokersAway, AdminError, ClientError, DataDirectoryError) as error:
        raise Failure(str(error)) from error


def check_brokers(topology: Topology, settings: Settings, agents: list[str]) -> None:
    """Wait for the brokers and look at the topics. Raises Failure with what would make results wrong."""
    admin = TopicAdmin(Client(settings.brokers, settings.kafka).librdkafka(topology.name))
    admin.wait_for_brokers(_PATIENCE, lambda: log.warning("No broker answers at %s yet.", settings.brokers))
    grants = [grant for agent in agents for grant in agent_grants_of(topology, agent)]
    findings = _patiently(lambda: admin.verify(plans_of(topology, agents), needed_on_topics(grants)))
    for finding in findings:
        for warning in finding.warnings:
            log.warning("%s.", warning.capitalize())
    mistakes = [mistake for finding in findings for mistake in finding.mistakes]
    if mistakes:
        raise Failure("Not started: " + "; ".join(mistakes) + ".")


def _patiently(look: Callable[[], T]) -> T:
    """A cluster that just lost a broker answers nothing for a while. Raises what the last try raised."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return look()
        except Unanswered as error:
            if time.monotonic() > deadline:
                raise
            log.warning("Trying again: %s", error)
        time.sleep(1.0)


def _embedded(asked: bool, clock: str | None) -> Embedded | None:
    if clock is not None and not asked:
        raise Failure("--clock goes with --embedded only: real brokers have a clock of their own.", 2)
    if not asked:
        return None
    try:
        return Embedded(Acceleration.parse(clock) if clock is not None else None)
    except ValueError:
        raise Failure(f"--clock is {clock!r}, it should be START_MS:SPEED.", 2) from None


def _one(name: str, topology: Topology, settings: Settings, socket: Path | None, embedded: Embedded | None) -> NoReturn:
    # A second of imports, which the supervisor of both agents does without. They leave no garbage, and the collector
    # would walk them again and again; the worker runs it by the clock.
    gc.disable()
    from pipeline.app import make_agent
    from pipeline.worker import Worker

    directory = OwnedDirectory(settings.data_directory / name)
    worker = Worker(
        lambda: make_agent(name, topology, settings, directory.path, embedded),
        socket or settings.http,
        supervised=socket is not None,
    )
    worker.run()


def _query(topology: Topology, settings: Settings, own: QuerySettings, socket: Path) -> None:
    """The process of the query API. Its exit code is 2 if its address is taken."""
    from pipeline.query_process import serve_queries

    configure("json" if settings.log == "json" else "text", "query")
    try:
        serve_queries(topology, settings, own, socket)
    except OSError as error:
        raise Failure(str(error), 2) from error


def _supervised(
    settings: Settings, agents: Sequence[str], embedded: Embedded | None, own: QuerySettings | None, listen: str | None
) -> int:
    """Own processes: each agent its own interpreter, so that two cores can be used. own: of the query API, a process
    beside them; listen: its flag."""
    flags = ["--topology", str(settings.topology), "--brokers", settings.brokers]
    flags += ["--data-dir", str(settings.data_directory), "--log", settings.log]
    environment = dict(process_environment())
    # glibc gives the threads of a process, and there are dozens, up to eight heaps a core. Two take a twentieth less
    # memory, and no more CPU: most threads wait for the interpreter lock or for brokers.
    environment.setdefault("MALLOC_ARENA_MAX", "2")
    if settings.schema_registry is not None:
        # Not as a flag: it may hold a password, and other users see command lines.
        environment["AFTERCLICK_SCHEMA_REGISTRY"] = settings.schema_registry
    entry = [sys.executable, "-c", "from pipeline.cli import main; main()", "worker"]
    queries = None if own is None else [*entry, *flags, *(["--query", listen] if listen else [])]
    simulated = _simulated(embedded)
    commands = {agent: [*entry, "--agent", agent, *flags, *simulated] for agent in agents}
    return Supervisor(commands, environment, settings.http, queries).run()


def _simulated(embedded: Embedded | None) -> list[str]:
    if embedded is None:
        return []
    clock = embedded.acceleration
    return ["--embedded", *([] if clock is None else ["--clock", str(clock)])]
