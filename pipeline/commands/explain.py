"""`afterclick explain`: why a shopper is a member of a segment, or is not."""

import json
from typing import Annotated

import typer

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, DataDirectory, MappingFile, TopologyFile
from pipeline.commands.place import known_at
from pipeline.config.settings import process_environment, resolve
from pipeline.config.topology import load
from pipeline.domain.decide import Engine
from pipeline.domain.value.instant import parse_instant
from pipeline.explain.rule import SEGMENTS, UnknownRule, rule_data, rule_of
from pipeline.explain.text import lines
from pipeline.explain.tier_text import tier_lines

_PATIENCE = 10.0
_WRONG = 2


def command(
    shopper: Annotated[str, typer.Argument(metavar="SHOPPER", help="The shopper's id, as clients send it.")],
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE",
            help="A segment or a loyalty programme of the topology; `segments.NAME` or `loyalty.NAME` if it has both.",
        ),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE", help="Replay this file (also .gz, `-`); may be given several times."),
    ] = None,
    mapping: MappingFile = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="The instant to look at; by default where time stands.")
    ] = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    data_dir: DataDirectory = None,
    brokers: Brokers = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
) -> None:
    """Say whether a shopper is a member of a segment and since when, each clause with its value against its threshold,
    what it is made of, and when it next changes if nothing happens; of a loyalty programme, on which tier and why,
    what keeps it and what leads to the next, and by when. From files (--input), from the stores of a worker
    that may run meanwhile (--data-dir), or from the changelog on the brokers (--brokers). Without any of them: the data
    directory, if there is one, else the brokers. Exits 1 if the shopper is not known there.

    Examples: [bold]afterclick explain kim engaged --input events.ndjson --at 2026-01-31T00:00:00Z[/] ·
    [bold]afterclick explain kim club --data-dir /data/b[/] ·
    [bold]afterclick explain kim engaged --data-dir /data/b[/] ·
    [bold]afterclick explain kim engaged --brokers kafka:9092 --json | jq .changes_at[/]
    """
    environment = process_environment()
    loaded = load(topology, environment)
    try:
        found = rule_of(loaded.segments, loaded.loyalty, rule)
    except UnknownRule as unknown:
        raise Failure(str(unknown), _WRONG) from None
    settings = resolve(environment, topology=topology, brokers=brokers, data_directory=data_dir)
    instant = _instant(at)
    known = known_at(loaded, settings, shopper, instant, inputs, mapping, data_dir, brokers)
    data = rule_data(Engine(loaded.plan()), found, known)
    text = lines if found.kind == SEGMENTS else tier_lines
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False) if as_json else "\n".join(text(data)))


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    instant = parse_instant(text)
    if instant is None:
        raise Failure(f"--at {text} is no time; write it as 2026-01-31T00:00:00Z.", _WRONG)
    return instant
