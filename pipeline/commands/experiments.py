"""`afterclick experiments`: which variant sells more, and whether that can be believed."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, TopologyFile
from pipeline.commands.replay import end_of_time
from pipeline.config.duration import parse_duration
from pipeline.config.problem import nearest
from pipeline.config.settings import Settings, process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.domain.decision import EXPERIMENT_EXPOSURES
from pipeline.experiment.exposure_log import ExposureLog, UnreadableLine, collected, decoded, lines_of
from pipeline.experiment.report import TooLong, experiments_data, rows_of
from pipeline.experiment.table import shown

_WRONG = 2
_PATIENCE = 10.0
_WIDTH = 130


def command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[EXPERIMENT...]", help="Tell of these alone; left out: of all.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="A replay's output. Left out: the topic, as retained.")
    ] = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    within: Annotated[
        str | None, typer.Option("--within", metavar="SPAN", help="Orders that soon after the exposure, as 2d.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Who was first exposed then or later.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Who was first exposed before.")] = None,
    control: Annotated[
        str | None,
        typer.Option(
            "--control", metavar="ARM", help="Compare with this arm. Left out: holdout, control, or the first."
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", metavar="PERCENT", min=50, max=99.99, help="Of the intervals.")
    ] = 95.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row an arm.")] = False,
) -> None:
    """Say of each experiment who was exposed, and how many of them ordered: rates with intervals, differences to the
    control, and whether the split itself is suspicious. Shares are those of the topology. Exits 1 if nobody was
    exposed, 2 for wrong arguments or topology.

    Examples: [bold]afterclick replay events.ndjson --output out && afterclick experiments --from out[/] ·
    [bold]afterclick experiments cart-reminder --within 2d --brokers kafka:9092[/] ·
    [bold]afterclick experiments --from out --control plain --csv > arms.csv[/]
    """
    if as_json and as_csv:
        raise Failure("Choose one of --json and --csv.", _WRONG)
    if folder is not None and brokers:
        raise Failure("--from reads files, --brokers a topic: choose one.", _WRONG)
    environment = process_environment()
    running = load(topology, environment)
    if running.messaging is None:
        raise Failure(f"{topology} sends no messages, so there are no experiments.", _WRONG)
    begin, end, span = end_of_time(since, "--since"), end_of_time(until), _span(within)
    try:
        if folder is not None:
            log = collected(lines_of(folder), begin, end)
        else:
            log = _retained(running, resolve(environment, topology=topology, brokers=brokers), begin, end)
    except OSError as error:
        raise Failure(f"{error.filename} can't be read: {error.strerror}. Is it the output of a replay?") from error
    except UnreadableLine as error:
        raise Failure(str(error)) from error
    _check(log, names or [], control)
    try:
        data = experiments_data(log, running.plan(), span, control, confidence / 100, names or [])
    except TooLong as error:
        raise Failure(str(error), _WRONG) from None
    _tell(data, as_json=as_json, as_csv=as_csv)


def _check(log: ExposureLog, names: list[str], control: str | None) -> None:
    if not log.exposures:
        raise Failure("Nobody was exposed to an experiment, or came into one arm of it alone.")
    for name in names:
        if name not in log.exposures:
            meant = nearest(name, log.exposures)
            raise Failure(f"Nobody was exposed to {name}" + (f", did you mean {meant}?" if meant else "."), _WRONG)
    told = [name for name in log.exposures if not names or name in names]
    arms = {one.arm for name in told for one in log.exposures[name]}
    if control is not None and control not in arms:
        raise Failure(f"Nobody is in an arm {control}; there are {', '.join(sorted(arms))}.", _WRONG)


def _retained(running: Topology, settings: Settings, since: int | None, until: int | None) -> ExposureLog:
    """By the topic as the brokers retain it."""
    # Imported where it is needed: who reads files does not wait for Kafka's libraries.
    from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
    from pipeline.kafka.client import Client, ClientError
    from pipeline.kafka.retained_topic import RetainedTopic
    from pipeline.replay.source import InputError

    def lines(topic: RetainedTopic) -> Iterator[dict[str, Any]]:
        for partition in topic.partitions:
            for record in partition.records():
                if record.value is not None:
                    yield read(record.value, f"{partition.name}, offset {record.offset}")

    read = decoded if running.kafka.format == "json" else _from_avro
    try:
        client = Client(settings.brokers, settings.kafka).librdkafka(running.name)
        TopicAdmin(client).wait_for_brokers(_PATIENCE)
        with RetainedTopic(client, running.topic(EXPERIMENT_EXPOSURES)) as topic:
            return collected(lines(topic), since, until)
    except (BrokersAway, AdminError, ClientError, InputError) as error:
        raise Failure(str(error)) from error


def _from_avro(value: bytes, where: str) -> dict[str, Any]:
    from schemas.avro import UnreadableDatum, read

    try:
        return read(EXPERIMENT_EXPOSURES, value)
    except UnreadableDatum:
        raise UnreadableLine(f"{where} is no line of {EXPERIMENT_EXPOSURES}.") from None


def _span(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise Failure(f"--within {error}", _WRONG) from None


def _tell(data: dict[str, Any], *, as_json: bool, as_csv: bool) -> None:
    if as_json:
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    if as_csv:
        rows = list(rows_of(data))
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    console = Console(highlight=False, soft_wrap=True, markup=False)
    # A table that is cut says less than one that wraps.
    console.width = max(console.width, _WIDTH)
    for each in shown(data):
        console.print(each)
