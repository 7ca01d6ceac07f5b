"""`afterclick doctor`: whether a worker could run here, and what to do if not."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from pipeline.commands.options import DEFAULT_TOPOLOGY, AsJson, Brokers, DataDirectory, SchemaRegistry, TopologyFile
from pipeline.config.problem import TopologyError
from pipeline.config.settings import SettingsError, process_environment, resolve
from pipeline.config.topology import load
from pipeline.doctor import cluster, machine
from pipeline.doctor.finding import Finding, Verdict, failed, fine, skipped
from pipeline.topics import AGENT_TOPICS
from schemas.registry import RegistryError, reach

_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red", Verdict.SKIPPED: "dim"}


def command(
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    data_dir: DataDirectory = None,
    schema_registry: SchemaRegistry = None,
    as_json: AsJson = False,
) -> None:
    """Look at all that a worker needs here: topology, settings, versions, data directory and its lock, disk, brokers
    and login, topics with their settings and our permissions, clocks, schema registry. Each line says ok, warn, fail
    or skipped, and what to do. Nothing is written or made. Exits 1 if something failed.

    Examples: [bold]afterclick doctor[/] · [bold]afterclick doctor --brokers kafka:9092 --data-dir /data/a[/] ·
    [bold]afterclick doctor --json | jq '.findings[] | select(.verdict == "fail")'[/]
    """
    found = list(_findings(topology, brokers, data_dir, schema_registry))
    bad = any(each.verdict is Verdict.FAIL for each in found)
    if as_json:
        data = {"ready": not bad, "findings": msgspec.to_builtins(found)}
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        _print(found)
    if bad:
        raise typer.Exit(1)


def _findings(
    topology: Path, brokers: str | None, data_dir: Path | None, schema_registry: str | None
) -> Iterator[Finding]:
    environment: Mapping[str, str] = process_environment()
    yield machine.versions()
    try:
        settings = resolve(environment, brokers=brokers, data_directory=data_dir, schema_registry=schema_registry)
        loaded = load(topology, environment)
    except (SettingsError, TopologyError) as error:
        of = "settings" if isinstance(error, SettingsError) else "topology"
        yield from (failed(of, problem) for problem in error.problems)
        yield skipped("all else", "not looked at: it depends on what is wrong above.")
        return
    yield fine("topology", f"{topology} is valid: {loaded.name}.")
    yield from machine.data_directory(settings.data_directory, AGENT_TOPICS)
    yield from cluster.brokers(loaded, settings, lambda: int(time.time() * 1000))
    yield _registry(settings.schema_registry, loaded.kafka.format)


def _registry(url: str | None, form: str) -> Finding:
    of = "schema registry"
    if form != "avro" or url is None:
        return skipped(of, "none is used: kafka.format is json." if form != "avro" else "none is named.")
    try:
        return fine(of, f"it answers, and holds {reach(url)} subjects.")
    except RegistryError as error:
        return failed(of, error)


def _print(found: list[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for each in found:
        console.print(Text(f"{each.verdict:<8}", _STYLES[each.verdict]) + Text(f"{each.of:<16}{each.told}"))
        if each.advice:
            console.print(f"{'':24}{each.advice}")
