"""`afterclick init`: a topology and a compose file to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.failure import Failure
from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from pipeline.starter import COMPOSE, TOPOLOGY, filled

_WRONG = 2
_QUESTIONS: dict[str, tuple[str, str | int]] = {
    "name": ("Name of the shop (letters, digits, dashes)", "my-shop"),
    "timezone": ("Its time zone (IANA)", "UTC"),
    "currency": ("Its currency (ISO 4217)", "EUR"),
    "partitions": ("Partitions of each topic (set once)", 8),
    "replication": ("Replicas of each record (1 to try, 3 in production)", 1),
}


def command(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the files go; made if missing.")] = Path(),
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Of the shop.")] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", metavar="ZONE", help="As Europe/Berlin.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", metavar="CODE", help="As EUR.")] = None,
    partitions: Annotated[int | None, typer.Option("--partitions", metavar="N", help="Of each topic.")] = None,
    replication: Annotated[int | None, typer.Option("--replication", metavar="N", help="Of each record.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: defaults for what is left out.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Ask five questions and write a commented topology.yaml, and a compose.yaml that runs it on one machine with
    Docker. What a flag answers is not asked. Files that are there stay as they are, unless --force is given. Exits 1
    if one is there, 2 for a wrong answer; then nothing is written.

    Examples: [bold]afterclick init[/] · [bold]afterclick init shop --name acme --currency USD --yes[/]
    """
    given = {
        "name": name,
        "timezone": timezone,
        "currency": currency,
        "partitions": partitions,
        "replication": replication,
    }
    answers = {key: _answer(key, value, ask=not yes) for key, value in given.items()}
    texts = {TOPOLOGY: filled(TOPOLOGY, answers)}
    try:
        parse(texts[TOPOLOGY], {})
    except TopologyError as error:
        raise Failure("\n".join(f"{one.path}: {one.message}" for one in error.problems), _WRONG) from error
    if answers["replication"] == 1:
        texts[COMPOSE] = filled(COMPOSE, answers)
    _write(directory, texts, force=force)
    for file in texts:
        typer.echo(f"{directory / file}: written")
    if COMPOSE not in texts:
        typer.echo(f"{COMPOSE}: not written, as its one broker holds one replica of a record")
    typer.echo(f"Next: afterclick check --topology {directory / TOPOLOGY}")


def _answer(key: str, given: str | int | None, *, ask: bool) -> str | int:
    question, default = _QUESTIONS[key]
    if given is not None:
        return given
    if not ask:
        return default
    answer: str | int = typer.prompt(question, default=default, type=type(default), err=True)
    return answer


def _write(directory: Path, texts: dict[str, str], *, force: bool) -> None:
    there = [str(directory / file) for file in texts if (directory / file).exists()]
    if there and not force:
        raise Failure(f"{' and '.join(there)} would be overwritten: name another directory, or say --force.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (directory / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{error.filename} can't be written: {error.strerror}.") from error
