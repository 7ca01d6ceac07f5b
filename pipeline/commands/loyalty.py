"""`afterclick loyalty`: what programmes owe, and how one opens for members that were there before it."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, TopologyFile
from pipeline.commands.published import replayed, retained
from pipeline.config.settings import process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.domain.decision import LOYALTY_POINTS, LOYALTY_TIERS
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.value.instant import parse_instant
from pipeline.liability.opening import OpeningError, events_of, read_openings
from pipeline.liability.report import Liability
from pipeline.liability.text import csv_of, plot_of, shown

_WRONG = 2
_WIDTH = 130


class Action(StrEnum):
    REPORT = "report"
    OPEN = "open"


def command(
    action: Annotated[Action, typer.Argument(metavar="report|open", help="What to do.")],
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[PATH]", help="report: a directory that `afterclick replay` wrote. open: a CSV file."),
    ] = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    as_json: Annotated[bool, typer.Option("--json", help="report: print the same as data.")] = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="report: write a row a figure.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="report: draw it, as SVG.")] = None,
    programme: Annotated[
        str | None, typer.Option("--programme", metavar="NAME", help="open: which one, if there are several.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="open: when the programme opens; needed.")
    ] = None,
) -> None:
    """report: what loyalty programmes owe: points outstanding by the month in which they expire, breakage so far, what
    each earning rule cost, members by tier and their movement. From what a replay wrote, or from the topics on
    the brokers, as far back as these are kept. Exits 1 if there is nothing, or if an entry does not add up.

    open: opening balances of members that were there before, as events on standard output, for `afterclick replay` or
    the clickstream. The file is CSV: shopper,points and, where they are known, since,tier,until. Exits 2 with every
    line that is not right.

    Examples: [bold]afterclick loyalty report out --plot liability.svg[/] ·
    [bold]afterclick loyalty report --brokers kafka:9092 --csv liability.csv[/] ·
    [bold]afterclick loyalty open members.csv --at 2026-03-01 > opening.ndjson[/]
    """
    known = load(topology, process_environment())
    if action is Action.OPEN:
        _open(known, path, programme, at)
        return
    if path is not None and brokers is not None:
        raise Failure("A directory and --brokers are two places to look at; name one.", _WRONG)
    liability = Liability(ZoneInfo(known.plan().timezone), whole=path is not None)
    for name, add in ((LOYALTY_POINTS, liability.add_points), (LOYALTY_TIERS, liability.add_tiers)):
        if path is not None:
            add(replayed(path, name))
        else:
            add(retained(known, resolve(process_environment(), topology=topology, brokers=brokers), name))
    data = liability.data()
    if not data["programmes"]:
        raise Failure("There is no line of a loyalty programme.")
    _tell(data, as_json=as_json, csv=csv, plot=plot)
    if any(each["faults"] for each in data["programmes"].values()):
        raise typer.Exit(1)


def _tell(data: dict[str, Any], *, as_json: bool, csv: Path | None, plot: Path | None) -> None:
    if csv is not None:
        csv.write_text(csv_of(data), encoding="utf-8")
    if plot is not None:
        plot.write_text(plot_of(data), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.width = max(console.width, _WIDTH)
    for part in shown(data):
        console.print(part)


def _open(topology: Topology, path: Path | None, name: str | None, at: str | None) -> None:
    opens = parse_instant(at) if at is not None else None
    if path is None or opens is None:
        raise Failure("open needs a file, and --at with a time, as 2026-01-31T00:00:00Z.", _WRONG)
    programme = _programme(topology, name)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            openings = read_openings(lines, programme, opens)
    except OpeningError as error:
        raise Failure(str(error), _WRONG) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} can't be read: {error}") from error
    for event in events_of(openings, programme.name, opens):
        typer.echo(json.dumps(event, ensure_ascii=False))
    points = sum(one.points for one in openings)
    print(f"{len(openings):,} members with {points:,} points", file=sys.stderr)


def _programme(topology: Topology, name: str | None) -> ProgrammeDefinition:
    programmes = {each.name: each for each in topology.plan().programmes}
    if name is None and len(programmes) == 1:
        (name,) = programmes
    if name not in programmes:
        raise Failure(f"Which programme? There are {', '.join(sorted(programmes)) or 'none'}.", _WRONG)
    return programmes[name]
