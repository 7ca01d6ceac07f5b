"""`afterclick contracts`: what the topology publishes, as an AsyncAPI document or as a page."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline.asyncapi.document import document
from pipeline.asyncapi.page import page
from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, TopologyFile
from pipeline.config.settings import process_environment, resolve
from pipeline.config.topology import load


def command(
    html: Annotated[
        bool, typer.Option("--html", help="A page for people. Left out: the AsyncAPI 3 document, as JSON.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write it there. Left out: print it.")
    ] = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
) -> None:
    """Describe the topics that the topology reads and publishes to those who consume them: addresses, partitions,
    retention, keys, headers, schemas and examples, with the names of your own rules. No broker is asked; those that
    --brokers names are told as servers. Exits 2 for a topology that is not valid.

    Examples: [bold]afterclick contracts --output asyncapi.json[/] ·
    [bold]afterclick contracts --html --output contracts.html[/] ·
    [bold]afterclick contracts | jq '.channels | keys'[/]
    """
    environment = process_environment()
    named = None if brokers is None else resolve(environment, brokers=brokers).brokers
    made = document(load(topology, environment), named)
    text = page(made) if html else json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{output} can't be written: {error.strerror}.") from error
