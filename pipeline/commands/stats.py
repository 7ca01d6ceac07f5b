"""`afterclick stats`: what shoppers take in memory, on disk and in Kafka."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, DataDirectory, TopologyFile
from pipeline.config.settings import Settings, process_environment, resolve
from pipeline.config.topology import load
from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
from pipeline.kafka.changelog_sample import changelog_samples
from pipeline.kafka.client import Client, ClientError
from pipeline.kafka.restore import RestoreError
from pipeline.runtime.ports import StateError
from pipeline.stats.report import changelog_data, worker_data
from pipeline.stats.table import changelog_shown, worker_shown
from pipeline.stats.worker_stats import NoStores, worker_stats
from pipeline.topics import AGENT_TOPICS, SHOPPER

_PATIENCE = 10.0
_WIDTH = 130


def command(
    data_dir: DataDirectory = None,
    changelog: Annotated[
        bool, typer.Option("--changelog", help="Look at the shoppers' changelog too; asks the brokers.")
    ] = False,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    sample: Annotated[
        int,
        typer.Option(
            "--sample", min=1, metavar="N", help="Records to take apart; of the changelog, so many a partition."
        ),
    ] = 10_000,
    largest: Annotated[int, typer.Option("--largest", min=0, metavar="N", help="How many of the largest to list.")] = 5,
    show_ids: Annotated[bool, typer.Option("--show-ids", help="Name the shoppers of the largest records.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
) -> None:
    """Count what shoppers take, from a worker's data directory: bytes a record and by part, the due-time index, files
    by partition. The worker may run meanwhile: nothing is locked or written there. With --changelog, on a machine
    without a data directory too, the changelog's length and its records' sizes.

    Examples: [bold]afterclick stats[/] · [bold]afterclick stats --data-dir /data/b --largest 20 --show-ids[/] ·
    [bold]afterclick stats --changelog --json | jq .record.median[/]
    """
    settings = resolve(process_environment(), topology=topology, brokers=brokers, data_directory=data_dir)
    data: dict[str, Any] = {}
    # Asked for by name, or there: a machine that only asks the brokers has none.
    if not changelog or data_dir is not None or settings.data_directory.exists():
        data = _of_worker(settings.data_directory, sample, largest, show_ids)
    if changelog:
        data["changelog"] = _of_changelog(settings, sample)
    if as_json:
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True, markup=False)
    # A table that is cut says less than one that wraps.
    console.width = max(console.width, _WIDTH)
    for shown in worker_shown(data) if "shoppers" in data else ():
        console.print(shown)
    for shown in changelog_shown(data["changelog"]) if changelog else ():
        console.print(shown)


def _of_worker(directory: Path, sample: int, largest: int, show_ids: bool) -> dict[str, Any]:
    try:
        return worker_data(worker_stats(directory, sample, largest), show_ids)
    except (NoStores, StateError) as error:
        raise Failure(str(error)) from error
    except PermissionError as error:
        raise Failure(f"{error.filename} can't be read; run this as the worker's user.") from error


def _of_changelog(settings: Settings, sample: int) -> dict[str, Any]:
    topology = load(settings.topology, process_environment())
    topic = topology.topic(AGENT_TOPICS[SHOPPER].changelog)
    try:
        client = Client(settings.brokers, settings.kafka).librdkafka(topology.name)
        TopicAdmin(client).wait_for_brokers(_PATIENCE)
        samples = list(changelog_samples(client, topic, range(topology.kafka.partitions), sample))
    except (BrokersAway, AdminError, ClientError, RestoreError) as error:
        raise Failure(str(error)) from error
    return changelog_data(topic, samples)
