"""`afterclick tail`: what topics say, as sentences or as JSON, and what they say next."""

import contextlib
import json
import time
from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any

import typer

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, TopologyFile
from pipeline.config.duration import parse_duration
from pipeline.config.flow import DEAD_LETTERS
from pipeline.config.problem import nearest
from pipeline.config.settings import process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.demo.published_record import PublishedRecord, reader_of
from pipeline.domain.decision import DECISION_TOPICS, SEGMENT_CALLS
from pipeline.domain.value.instant import parse_instant
from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
from pipeline.kafka.client import Client, ClientError
from pipeline.kafka.topic_tail import EARLIEST, LATEST, Start, TailError, TopicTail

_WRONG = 2
_PATIENCE = 10.0


def command(
    topics: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOPIC...]", help="As the topology calls them. Left out: all topics of decisions."),
    ] = None,
    shopper: Annotated[
        str | None, typer.Option("--shopper", metavar="ID", help="Of this shopper alone: one partition is read.")
    ] = None,
    start: Annotated[
        str,
        typer.Option("--from", metavar="PLACE", help="`earliest`, `latest`, a span back as `-1h`, or a time."),
    ] = LATEST,
    end: Annotated[bool, typer.Option("--end", help="Stop at the present end. Left out: go on until Ctrl-C.")] = False,
    count: Annotated[int | None, typer.Option("--count", metavar="N", min=1, help="Stop after as many.")] = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object a line, with headers and place.")] = False,
) -> None:
    """Read topics as consumers should, committed records only, and print each decision as a sentence: those of
    decisions, `segment-calls` and `clickstream-dlq`. Lines of one shopper and topic stand in order. It is a member of
    no consumer group, so it takes nothing away from anybody. Exits 2 for an unknown topic.

    Examples: [bold]afterclick tail[/] · [bold]afterclick tail segment-changes --shopper kim --from earliest --end[/] ·
    [bold]afterclick tail clickstream-dlq --from -1h --end --json | jq -r .headers.reason | sort | uniq -c[/]
    """
    environment = process_environment()
    loaded = load(topology, environment)
    names = {loaded.topic(name): name for name in _meant(loaded, topics)}
    begin = _start(start)
    settings = resolve(environment, topology=topology, brokers=brokers)
    read, key = reader_of(loaded, names), None if shopper is None else shopper.encode()
    try:
        client = Client(settings.brokers, settings.kafka).librdkafka(loaded.name)
        TopicAdmin(client).wait_for_brokers(_PATIENCE)
        with TopicTail(client, list(names), key) as tail, contextlib.suppress(KeyboardInterrupt):
            for message in islice(tail.records(begin, follow=not end), count):
                _print(read(message), as_json=as_json)
    except (BrokersAway, AdminError, ClientError, TailError) as error:
        raise Failure(str(error)) from error


def _print(record: PublishedRecord, *, as_json: bool) -> None:
    typer.echo(json.dumps(record.data(), ensure_ascii=False) if as_json else record.line())


def _meant(topology: Topology, asked: list[str] | None) -> list[str]:
    """Logical names."""
    used = topology.used_topics()
    readable = [name for name in (*DECISION_TOPICS, SEGMENT_CALLS, DEAD_LETTERS) if name in used]
    if not asked:
        return [name for name in readable if name in DECISION_TOPICS]
    by_name: Mapping[str, Any] = {topology.topic(name): name for name in readable} | {name: name for name in readable}
    for name in asked:
        if name not in by_name:
            meant = nearest(name, by_name)
            guess = f"did you mean {meant}?" if meant else f"there are {', '.join(readable)}."
            raise Failure(f"This topology publishes no topic {name}, {guess}", _WRONG)
    return list(dict.fromkeys(by_name[name] for name in asked))


def _start(text: str) -> Start:
    """A place, or ms."""
    if text in (EARLIEST, LATEST):
        return text
    instant = parse_instant(text)
    if instant is not None:
        return instant
    try:
        if text.startswith("-"):
            return int(time.time() * 1000) - parse_duration(text[1:])
    except ValueError:
        pass
    raise Failure(f"--from {text} is no place; write earliest, latest, -1h, or 2026-01-31T00:00:00Z.", _WRONG)
