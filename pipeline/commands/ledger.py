"""`afterclick ledger`: every entry of a shopper's points, and whether they add up."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, TopologyFile
from pipeline.commands.published import replayed, retained
from pipeline.config.settings import process_environment, resolve
from pipeline.config.topology import load
from pipeline.domain.decision import LOYALTY_POINTS
from pipeline.statement.audit import Step, faults, statements_of
from pipeline.statement.text import data, shown

_WRONG = 2
_WIDTH = 160


def command(
    shopper: Annotated[str, typer.Argument(metavar="SHOPPER", help="The shopper's id, as clients send it.")],
    folder: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="A directory that `afterclick replay` wrote.")
    ] = None,
    programme: Annotated[
        str | None, typer.Option("--programme", metavar="NAME", help="Only this loyalty programme.")
    ] = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
) -> None:
    """Print each entry of a shopper's points with its cause and the balance after it, and check that each balance is
    the one before it and the entry's points. From what a replay wrote (--from), or from the topic `loyalty-points` on
    the brokers, as far back as it is kept. Exits 1 if there are no entries, or if one does not add up.

    Examples: [bold]afterclick ledger kim --from out[/] ·
    [bold]afterclick ledger kim --brokers kafka:9092 --programme club --json | jq .programmes.club.balance[/]
    """
    if folder is not None and brokers is not None:
        raise Failure("--from and --brokers are two places to look at; name one.", _WRONG)
    if folder is not None:
        where, entries = str(folder), replayed(folder, LOYALTY_POINTS, shopper)
    else:
        settings = resolve(process_environment(), topology=topology, brokers=brokers)
        known = load(settings.topology, process_environment())
        where, entries = known.topic(LOYALTY_POINTS), retained(known, settings, LOYALTY_POINTS, shopper)
    statements = statements_of(entries, programme, whole=folder is not None)
    if not statements:
        of = f" in {programme}" if programme is not None else ""
        raise Failure(f"This shopper has no entries{of} in {where}.")
    if as_json:
        typer.echo(json.dumps(data(shopper, statements), indent=2, ensure_ascii=False))
    else:
        _print(shopper, statements)
    if any(True for steps in statements.values() for _ in faults(steps)):
        raise typer.Exit(1)


def _print(shopper: str, statements: dict[str, list[Step]]) -> None:
    console = Console(highlight=False, soft_wrap=True, markup=False)
    # A table that is cut says less than one that wraps.
    console.width = max(console.width, _WIDTH)
    for number, (name, steps) in enumerate(statements.items()):
        if number:
            console.print()
        for part in shown(shopper, name, steps):
            console.print(part)
