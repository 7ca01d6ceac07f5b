"""`afterclick demo`: everything on this machine, watched."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, TopologyFile
from pipeline.config.settings import process_environment
from pipeline.demo.demo import Demo, DemoError, Wish
from pipeline.kafka.embedded import EmbeddedBrokerError
from pipeline.replay.source import InputError

_SPEED = 600.0
_SIMULATED_RATE = 150.0
_FILE_RATE = 500.0
_BOUND = 60.0


def command(
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    speed: Annotated[
        float | None,
        typer.Option("--speed", metavar="N", help=f"How fast simulated time runs; {_SPEED:g} if not said."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate", metavar="N", help=f"Events a second; {_SIMULATED_RATE:g} if not said, of a file {_FILE_RATE:g}."
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds", metavar="N", min=1, help=f"How long to watch; without a terminal {_BOUND:g} if not said."
        ),
    ] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="Events (also .gz) instead of simulated ones.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave state and logs there, and say where.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of the live screen.")] = False,
) -> None:
    """Run everything on this machine and watch it decide: an embedded broker, a worker, simulated shoppers whose day
    passes in minutes, or the events of a file. Needs no Kafka and leaves nothing behind. Ends on Ctrl-C, without a
    terminal after a bounded time. Exits 1 if nothing was decided.

    Examples: [bold]afterclick demo[/] · [bold]afterclick demo --input events.ndjson[/] ·
    [bold]afterclick demo --plain --seconds 30[/]
    """
    if input_file is not None and speed is not None:
        raise Failure("--speed goes with simulated shoppers; a file brings its own time and is fed at --rate.", 2)
    for name, value in (("--speed", speed), ("--rate", rate)):
        if value is not None and not 0 < value <= 1_000_000:
            raise Failure(f"{name} is {value:g}, it should be above 0 and at most 1,000,000.", 2)
    console = Console()
    live = console.is_terminal and not plain
    wish = Wish(
        topology=topology,
        speed=speed or _SPEED,
        rate=rate or (_SIMULATED_RATE if input_file is None else _FILE_RATE),
        seconds=seconds if seconds is not None or live else _BOUND,
        input=input_file,
        plain=not live,
        keep=keep,
    )
    try:
        Demo(wish, process_environment(), console).run()
    except (DemoError, InputError, EmbeddedBrokerError) as error:
        raise Failure(str(error)) from error
