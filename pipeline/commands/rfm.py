"""`afterclick rfm fit`: thresholds of RFM scores from a shop's own history."""

from enum import StrEnum
from typing import Annotated

import typer

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Inputs, MappingFile, TopologyFile
from pipeline.commands.replay import end_of_time, sources_of
from pipeline.config.settings import process_environment
from pipeline.config.topology import load
from pipeline.replay.mapping import MappingError
from pipeline.replay.rfm_fit import fit
from pipeline.replay.source import InputError


class Action(StrEnum):
    FIT = "fit"


def command(
    action: Annotated[Action, typer.Argument(metavar="fit", help="What to do.")],
    inputs: Inputs,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Recency counts to here; later records are not read.")
    ] = None,
    mapping: MappingFile = None,
) -> None:
    """Print an `rfm:` block, ready to paste, by which each score takes a fifth of the buyers in the inputs: threshold k
    is the value at place floor(k x n / 5) of the n buyers' sorted values. Exits 1 if nobody bought anything.

    Example: [bold]afterclick rfm fit orders.csv --mapping docs/examples/online-retail.mapping.yaml[/]
    """
    plan = load(topology, process_environment()).plan()
    try:
        fitted = fit(plan, sources_of(inputs, mapping), end_of_time(until))
    except MappingError as error:
        raise Failure(str(error), 2) from None
    except InputError as error:
        raise Failure(str(error)) from None
    if not fitted.buyers:
        raise Failure("Nobody bought anything: no input holds an order that counts.")
    typer.echo(f"# {action}ted to {fitted.buyers:,} buyers by afterclick rfm fit")
    typer.echo(fitted.block(plan.currency), nl=False)
