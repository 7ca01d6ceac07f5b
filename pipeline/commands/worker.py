"""`afterclick worker`: run the agents."""

import gc
import logging
import sys
import time
from collections.abc import Callable
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
from pipeline.topics import AGENT_TOPICS, plans_of

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
    socket: Annotated[Path | None, typer.Option("--socket", hidden=True)] = None,
) -> None:
    """Run the agents until SIGTERM or Ctrl-C: intake (clickstream to shopper-events) and shopper (shopper-events to
    decisions), a process each. Workers of one topology share its partitions; each needs its own --data-dir.

    Examples: [bold]afterclick worker[/] · [bold]afterclick worker --agent shopper --data-dir /data/b --http off[/]
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
    loaded = load(settings.topology, process_environment())
    configure("json" if settings.log == "json" else "text", agent or "")
    simulated = _embedded(embedded, clock)
    try:
        if socket is None and simulated is None:
            check_brokers(loaded, settings, [agent] if agent else list(AGENT_TOPICS))
        if agent is not None:
            _one(agent, loaded, settings, socket, simulated)
        raise typer.Exit(_both(settings, simulated))
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


def _both(settings: Settings, embedded: Embedded | None) -> int:
    """Own processes: each agent its own interpreter, so that two cores can be used."""
    flags = ["--topology", str(settings.topology), "--brokers", settings.brokers]
    flags += ["--data-dir", str(settings.data_directory), "--log", settings.log]
    if embedded is not None:
        flags.append("--embedded")
        if embedded.acceleration is not None:
            flags += ["--clock", str(embedded.acceleration)]
    environment = dict(process_environment())
    # glibc gives the threads of a process, and there are dozens, up to eight heaps a core. Two take a twentieth less
    # memory, and no more CPU: most threads wait for the interpreter lock or for brokers.
    environment.setdefault("MALLOC_ARENA_MAX", "2")
    if settings.schema_registry is not None:
        # Not as a flag: it may hold a password, and other users see command lines.
        environment["AFTERCLICK_SCHEMA_REGISTRY"] = settings.schema_registry
    entry = [sys.executable, "-c", "from pipeline.cli import main; main()", "worker"]
    return Supervisor(
        {agent: [*entry, "--agent", agent, *flags] for agent in AGENT_TOPICS}, environment, settings.http
    ).run()
