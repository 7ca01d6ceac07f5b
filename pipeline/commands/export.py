"""`afterclick export`: all that is known of a shopper."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, DataDirectory, MappingFile, TopologyFile
from pipeline.commands.place import known_at
from pipeline.commands.published import retained
from pipeline.config.settings import process_environment, resolve
from pipeline.config.topology import load
from pipeline.export.report import export_data
from pipeline.topics import SHOPPER, outputs_of

_WRONG = 2


def command(
    shopper: Annotated[str, typer.Argument(metavar="SHOPPER", help="The shopper's id, as clients send it.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here; by default to standard output.")
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="Also every decision that the brokers still keep; asks them.")
    ] = False,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE", help="Replay this file (also .gz, `-`); may be given several times."),
    ] = None,
    mapping: MappingFile = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    data_dir: DataDirectory = None,
    brokers: Brokers = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, which it always is.")] = False,
) -> None:
    """Write all that is known of a shopper as JSON: profile, traits, segments, carts, orders, points, consent,
    messages, timers, and what conditions remember. From the stores of a worker that may run meanwhile (--data-dir),
    from the changelog on the brokers (--brokers), or from files (--input); without any of them as `afterclick explain`.
    With --published, what was decided of the shopper, too, as far as it is kept. Exits 1 if the shopper is not known
    there.

    Examples: [bold]afterclick export kim --data-dir /data/b -o kim.json[/] ·
    [bold]afterclick export kim --brokers kafka:9092 --published | jq .profile.traits[/]
    """
    environment = process_environment()
    loaded = load(topology, environment)
    settings = resolve(environment, topology=topology, brokers=brokers, data_directory=data_dir)
    known = known_at(loaded, settings, shopper, None, inputs, mapping, data_dir, brokers)
    data: dict[str, Any] = export_data(known, loaded.plan())
    if published:
        topics = [topic for topic in outputs_of(loaded, SHOPPER) if topic not in ("clickstream-dlq", "segment-calls")]
        data["published"] = {topic: list(retained(loaded, settings, topic, shopper)) for topic in topics}
    text = json.dumps(data, indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise Failure(f"{output} can't be written: {error.strerror}", _WRONG) from error
