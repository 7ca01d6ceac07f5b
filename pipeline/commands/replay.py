"""`afterclick replay`: decide over files of events, without a broker."""

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Inputs, MappingFile, TopologyFile
from pipeline.config.settings import process_environment
from pipeline.config.topology import load
from pipeline.domain.value.instant import parse_instant
from pipeline.replay.mapping import Mapping, MappingError, load_mapping
from pipeline.replay.progress import ProgressBar
from pipeline.replay.run import Replay
from pipeline.replay.source import InputError, LineSource, Source
from pipeline.replay.table import TableSource
from schemas.segment_call import CallRenderer

_WRONG = 2


def command(
    inputs: Inputs,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="Where the files of decisions go.")],
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Where time ends; later records are not read.")
    ] = None,
    mapping: MappingFile = None,
    profiles: Annotated[bool, typer.Option("--profiles", help="Write profiles.ndjson, a line a shopper.")] = False,
    partitions: Annotated[int, typer.Option("--partitions", metavar="N", min=1, help="Changes no byte.")] = 1,
    trace: Annotated[bool, typer.Option("--trace", help="Tell `decided_at` and `source` of each decision.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no summary.")] = False,
) -> None:
    """Decide over files of events as clients send them, one JSON value a line. The same input and topology give the
    same bytes in every file of DIR. Exits 1 if there was nothing usable, 2 for wrong arguments or topology.

    Examples: [bold]afterclick replay events.ndjson.gz --output out --profiles[/] ·
    [bold]zcat *.gz | afterclick replay - --output out --until 2026-01-31T00:00:00Z[/] ·
    [bold]afterclick replay orders.csv --mapping docs/examples/online-retail.mapping.yaml --output out[/]
    """
    loaded = load(topology, process_environment())
    calls = loaded.segment_calls
    replay = Replay(
        plan=loaded.plan(),
        output=_folder(output),
        until=end_of_time(until),
        partitions=partitions,
        profiles=profiles,
        trace=trace,
        renderer=None if calls is None else CallRenderer(loaded.name, calls.render, calls.traits),
    )
    sources = sources_of(inputs, mapping)
    console = Console(stderr=True)
    bar = ProgressBar(console, sources) if console.is_terminal and not quiet else None
    begun = time.monotonic()
    try:
        with bar or nullcontext():
            summary = replay.run(sources, bar)
    except MappingError as error:
        raise Failure(str(error), _WRONG) from None
    except InputError as error:
        raise Failure(str(error)) from None
    if not quiet:
        Console().print(summary.table(time.monotonic() - begun))
    if not summary.events:
        raise Failure("Nothing usable: no input holds a valid event.")


def sources_of(inputs: list[str], mapping: Path | None) -> list[Source]:
    """Inputs by name; mapping: for those that are CSV. Raises Failure."""
    if inputs.count("-") > 1:
        raise Failure("Standard input (`-`) can be read only once.", _WRONG)
    try:
        rules = load_mapping(mapping) if mapping is not None else None
        return [_source(name, rules) for name in inputs]
    except (InputError, MappingError) as error:
        raise Failure(str(error), _WRONG) from None


def _source(name: str, mapping: Mapping | None) -> Source:
    if not name.removesuffix(".gz").endswith(".csv"):
        return LineSource(name)
    if mapping is None:
        raise Failure(f"{name} is CSV: say with --mapping FILE how its rows become events.", _WRONG)
    return TableSource(name, mapping)


def _folder(output: Path) -> Path:
    if output.exists() and not output.is_dir():
        raise Failure(f"--output {output} is a file; name a folder.", _WRONG)
    return output


def end_of_time(text: str | None, option: str = "--until") -> int | None:
    """The instant (ms) of an option. Raises Failure if it is none."""
    if text is None:
        return None
    instant = parse_instant(text)
    if instant is None:
        raise Failure(f"{option} {text} is no time; write it as 2026-01-31T00:00:00Z.", _WRONG)
    return instant
