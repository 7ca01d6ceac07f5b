"""`afterclick topics`: make the topics that the topology names, and verify them."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.access import grants_of
from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, TopologyFile
from pipeline.config.settings import process_environment, resolve
from pipeline.config.topology import load
from pipeline.kafka.admin import AdminError, BrokersAway, Finding, TopicAdmin
from pipeline.kafka.client import Client, ClientError
from pipeline.kafka.grant import commands
from pipeline.topics import plans_of

_PATIENCE = 10.0


def command(
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    check: Annotated[bool, typer.Option("--check", help="Verify only, change nothing.")] = False,
    acls: Annotated[
        bool, typer.Option("--acls", help="Print the commands that allow each role what it needs; ask no broker.")
    ] = False,
) -> None:
    """Make the topics that are missing, set what results depend on (cleanup policies, append time), and compare the
    rest. Partition counts are never changed. Exits 1 if something is left that a worker would refuse.

    Examples: [bold]afterclick topics[/] · [bold]afterclick topics --check[/] ·
    [bold]INTAKE=User:CN=clicks sh <(afterclick topics --acls)[/]
    """
    settings = resolve(process_environment(), topology=topology, brokers=brokers)
    loaded = load(settings.topology, process_environment())
    if acls:
        typer.echo("\n".join(commands(grants_of(loaded))))
        return
    plans = plans_of(loaded)
    try:
        admin = TopicAdmin(Client(settings.brokers, settings.kafka).librdkafka(loaded.name))
        admin.wait_for_brokers(_PATIENCE)
        findings = admin.verify(plans) if check else admin.create(plans)
    except (BrokersAway, AdminError, ClientError) as error:
        raise Failure(str(error)) from error
    Console(highlight=False, soft_wrap=True).print(table(findings))
    for finding in findings:
        for warning in finding.warnings:
            typer.secho(f"Warning: {warning}.", err=True)
    mistakes = [mistake for finding in findings for mistake in finding.mistakes]
    for mistake in mistakes:
        typer.secho(f"{mistake[0].upper()}{mistake[1:]}.", err=True)
    if mistakes:
        raise typer.Exit(1)


def table(findings: list[Finding]) -> Table:
    """What is there now, a line a topic."""
    shown = Table(box=None, pad_edge=False)
    for heading in ("topic", "role", "partitions", "state"):
        shown.add_column(heading, no_wrap=True)
    for finding in findings:
        shown.add_row(finding.plan.name, str(finding.plan.role), str(finding.partitions or "-"), _state(finding))
    return shown


def _state(finding: Finding) -> str:
    if finding.mistakes:
        return "missing" if not finding.partitions else "wrong"
    if finding.created:
        return "created"
    if finding.altered:
        return f"set {', '.join(finding.altered)}"
    return "ok, with warnings" if finding.warnings else "ok"
