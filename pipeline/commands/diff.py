"""`afterclick diff`: who would enter and leave if another topology were deployed."""

import json
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.commands.failure import Failure
from pipeline.commands.options import Brokers, MappingFile
from pipeline.commands.replay import end_of_time, sources_of
from pipeline.config.problem import nearest
from pipeline.config.settings import Settings, process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.diff.comparison import Comparison, Difference
from pipeline.diff.report import difference_data, differs
from pipeline.diff.text import shown
from pipeline.domain.definition import Plan
from pipeline.replay.mapping import MappingError
from pipeline.replay.progress import ProgressBar
from pipeline.replay.reader import Accept, recorded
from pipeline.replay.source import InputError, Source
from pipeline.topics import AGENT_TOPICS, INTAKE

_WRONG, _DIFFERS = 2, 3
_PATIENCE = 10.0
_NO_HISTORY = "Name a history to compare by: files of events with --input, or what the brokers retain with --live."
# A table that is cut says less than one that wraps.
_WIDTH = 130


def command(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The topology that is deployed.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The one that would be.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE", help="History: a file (also .gz, `-`); may be given several times."),
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="History: the clickstream as the brokers retain it. Nothing is written there."),
    ] = False,
    brokers: Brokers = None,
    mapping: MappingFile = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="When NEW would be deployed; later records are not read."),
    ] = None,
    segments: Annotated[
        list[str] | None,
        typer.Option("--segment", metavar="NAME", help="Tell of this segment alone; may be given several times."),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=0, max=1_000, help="Shoppers to name of each kind.")
    ] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 if anything would change.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no text.")] = False,
) -> None:
    """Say before a deployment what it would change: definitions, and per segment who would enter and leave at once, and
    from when it says what it would have said, had it been there all the time. Both topologies live through the same
    history; then the new one takes over the records of the old one, as a worker would. Exits 1 if there
    was nothing usable, 2 for wrong arguments or topologies.

    Examples: [bold]afterclick diff topology.yaml new.yaml --input events.ndjson.gz[/] ·
    [bold]afterclick diff topology.yaml new.yaml --input events.ndjson --segment engaged --json[/] ·
    [bold]afterclick diff topology.yaml new.yaml --live --brokers kafka:9092[/] ·
    [bold]afterclick diff <(git show main:topology.yaml) topology.yaml --input events.ndjson --exit-code --quiet[/]
    """
    if live is bool(inputs) or (brokers and not live):
        raise Failure(_NO_HISTORY, _WRONG)
    environment = process_environment()
    running = load(old, environment)
    before, after = running.plan(), load(new, environment).plan()
    _check_names((old, before), (new, after))
    wanted = _wanted({segment.name for plan in (before, after) for segment in plan.segments}, segments or [])
    comparison = Comparison(before, after, until=end_of_time(until), samples=samples)
    if inputs:
        source: dict[str, Any] = {"kind": "replay", "inputs": inputs}
        found = _compared(comparison, sources_of(inputs, mapping), recorded, quiet)
    else:
        found, source = _retained(comparison, running, resolve(environment, topology=old, brokers=brokers), quiet)
    if not found.events:
        raise Failure("Nothing usable: no input holds a valid event.")
    data = difference_data(before, after, found, source, wanted)
    _tell(data, old, new, as_json=as_json, quiet=quiet)
    if exit_code and differs(data):
        raise typer.Exit(_DIFFERS)


def _check_names(old: tuple[Path, Plan], new: tuple[Path, Plan]) -> None:
    (before, running), (after, other) = old, new
    if running.name != other.name:
        raise Failure(
            f"{before} is {running.name} and {after} is {other.name}: under another name a topology has topics and"
            " state of its own, and takes over nothing.",
            _WRONG,
        )


def _wanted(known: set[str], names: list[str]) -> set[str]:
    for name in names:
        if name not in known:
            meant = nearest(name, known)
            raise Failure(
                f"Neither topology has a segment {name}" + (f", did you mean {meant}?" if meant else "."), _WRONG
            )
    return set(names)


def _retained(
    comparison: Comparison, running: Topology, settings: Settings, quiet: bool
) -> tuple[Difference, dict[str, Any]]:
    """By the clickstream of the running topology; and what was read."""
    # Imported where it is needed: who replays a file does not wait for Kafka's libraries.
    from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
    from pipeline.kafka.client import Client, ClientError
    from pipeline.kafka.retained_topic import RetainedCalls, RetainedTopic

    now = time.time_ns() // 1_000_000
    if running.time.tick is not None and comparison.until is None:
        # Time goes on there without records, too.
        comparison = replace(comparison, until=now)
    calls = RetainedCalls(running.time.received, now + running.time.future_skew)
    try:
        client = Client(settings.brokers, settings.kafka).librdkafka(running.name)
        TopicAdmin(client).wait_for_brokers(_PATIENCE)
        with RetainedTopic(client, running.topic(AGENT_TOPICS[INTAKE].source)) as topic:
            found = _compared(comparison, topic.partitions, calls.accept, quiet)
            return found, {"kind": "topic", "topic": topic.topic, "whole": topic.whole}
    except (BrokersAway, AdminError, ClientError, InputError) as error:
        raise Failure(str(error)) from error


def _compared(comparison: Comparison, sources: Sequence[Source], accept: Accept, quiet: bool) -> Difference:
    console = Console(stderr=True)
    bar = ProgressBar(console, sources) if console.is_terminal and not quiet else None
    try:
        with bar or nullcontext():
            return comparison.run(sources, bar, accept)
    except MappingError as error:
        raise Failure(str(error), _WRONG) from None
    except InputError as error:
        raise Failure(str(error)) from None


def _tell(data: dict[str, Any], old: Path, new: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    if quiet:
        return
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.width = max(console.width, _WIDTH)
    for each in shown(data, str(old), str(new)):
        console.print(each)
