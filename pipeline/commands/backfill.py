"""`afterclick backfill`: give definitions the history that no rule kept before them."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from pipeline.backfill.partition_history import PartitionHistory, fillable
from pipeline.backfill.run import (
    GONE,
    NOTHING,
    WAITING,
    WRITTEN,
    Backfill,
    Lacking,
    PartitionResult,
    is_waiting,
    log_records,
)
from pipeline.backfill.text import lines
from pipeline.backfill.trial import Trial
from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, MappingFile, TopologyFile
from pipeline.commands.replay import sources_of
from pipeline.config.settings import process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.domain.decide import Engine
from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
from pipeline.kafka.changelog_lookup import latest_records, partition_of
from pipeline.kafka.client import Client, ClientError, Properties
from pipeline.kafka.graft_reader import GraftReader
from pipeline.kafka.graft_writer import write_grafts
from pipeline.kafka.restore import RestoreError, latest_checkpoints
from pipeline.kafka.retained_topic import RetainedTopic
from pipeline.replay.mapping import MappingError
from pipeline.replay.progress import ProgressBar
from pipeline.replay.source import InputError
from pipeline.runtime.ports import Checkpoint, Fenced, OutboxError, Record, StateError
from pipeline.state.record import RecordCodec
from pipeline.topics import AGENT_TOPICS, SHOPPER

_WRONG = 2
_PATIENCE = 10.0
_TOPICS = AGENT_TOPICS[SHOPPER]


def command(
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE", help="Events of before what is retained (also .gz); several times."),
    ] = None,
    mapping: MappingFile = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=1, max=1_000, help="Shoppers that a dry run names.")
    ] = 5,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no text.")] = False,
) -> None:
    """Give new definitions the history that no rule kept before them: from what the brokers retain of shopper-events,
    and from files for what was before that. To be run once the workers have the topology; they go on meanwhile, and
    take in what is found by themselves. A second run does nothing. Exits 1 if the history can't be read or written.

    Examples: [bold]afterclick backfill --dry-run[/] · [bold]afterclick backfill --brokers kafka:9092[/] ·
    [bold]afterclick backfill --input 2025.ndjson.gz --input 2026.ndjson.gz[/]
    """
    loaded = load(topology, process_environment())
    settings = resolve(process_environment(), topology=topology, brokers=brokers)
    try:
        client = Client(settings.brokers, settings.kafka).librdkafka(f"{loaded.name}.{_TOPICS.grafts}")
        TopicAdmin(client).wait_for_brokers(_PATIENCE)
        run = _Run(loaded, client, Trial(samples) if dry_run else None)
        run.backfill = replace(run.backfill, files=sources_of(inputs or [], mapping))
        results = run.results(Console(stderr=True) if not quiet else None)
    except MappingError as error:
        raise Failure(str(error), _WRONG) from None
    except Fenced as error:
        raise Failure("Another backfill of this topology was started; this one stops.") from error
    except (BrokersAway, AdminError, ClientError, RestoreError, InputError, OutboxError, StateError) as error:
        raise Failure(str(error)) from error
    if not quiet:
        typer.echo("\n".join(lines(loaded.plan(), loaded.topic(_TOPICS.source), results, run.trial)))


class _Run:
    """trial: of a dry run."""

    def __init__(self, topology: Topology, client: Properties, trial: Trial | None) -> None:
        self._topology, self._client, self.trial = topology, client, trial
        timing, self._partitions = topology.time, topology.kafka.partitions
        self.backfill = Backfill(
            topology.plan(),
            sources=self._partitions,
            stall=None if timing.tick is None else timing.stall,
            partition_of=lambda key: partition_of(key, self._partitions),
        )

    def results(self, console: Console | None) -> list[PartitionResult]:
        checkpoints = self._checkpoints()
        with RetainedTopic(self._client, self._topology.topic(_TOPICS.source)) as topic:
            sources = [*self.backfill.files, *topic.partitions]
            bar = ProgressBar(console, sources) if console is not None and console.is_terminal else None
            run, retained = replace(self.backfill, progress=bar), dict(enumerate(topic.partitions))
            lacking = run.lacking(checkpoints, retained)
            found = self._without_history(checkpoints, lacking)
            with bar or nullcontext():
                left = {partition: gaps for partition, gaps in lacking.items() if partition not in found}
                for result, history in run.histories(left, retained):
                    found[result.partition] = self._finish(result, history)
        return [found[partition] for partition in sorted(found)]

    def _checkpoints(self) -> dict[int, Checkpoint]:
        """Of all partitions. Raises Failure unless the topology is deployed."""
        changelog, digest = self._topology.topic(_TOPICS.changelog), Engine(self._topology.plan()).digest
        found = latest_checkpoints(self._client, changelog, range(self._partitions))
        for partition in range(self._partitions):
            checkpoint = found.get(partition)
            if checkpoint is None or checkpoint.sweep.plan != digest or checkpoint.kept is None:
                raise Failure(
                    f"No worker has worked on partition {partition} under this topology yet. Start the workers with it "
                    "first: what is missing is what came before that."
                )
        return found

    def _without_history(self, checkpoints: dict[int, Checkpoint], lacking: Lacking) -> dict[int, PartitionResult]:
        """What is to be told of partitions for which there is nothing to read."""
        reader, found = GraftReader(self._client, self._topology.topic(_TOPICS.grafts)), {}
        try:
            for partition, checkpoint in checkpoints.items():
                gaps = lacking[partition]
                if not gaps:
                    found[partition] = PartitionResult(partition, GONE if fillable(checkpoint) else NOTHING)
                elif is_waiting(checkpoint.grafting, gaps, _log(reader, partition, checkpoint)):
                    found[partition] = PartitionResult(partition, WAITING)
        finally:
            reader.close()
        return found

    def _finish(self, result: PartitionResult, history: PartitionHistory) -> PartitionResult:
        partition, topic = result.partition, self._topology.topic(_TOPICS.grafts)
        if self.trial is not None:
            values, checkpoint = latest_records(self._client, self._topology.topic(_TOPICS.changelog), partition)
            engine = Engine(self._topology.plan())
            self.trial.take(engine, RecordCodec(), history, checkpoint or Checkpoint(), values)
            return result
        assert result.head is not None  # noqa: S101 - there is one where there is a history
        records = log_records(partition, _TOPICS.grafts, result.head, history)
        prefix = f"{self._topology.name}.{_TOPICS.grafts}"
        write_grafts(self._client, prefix, _TOPICS.grafts, topic, partition, records)
        return replace(result, state=WRITTEN)


def _log(reader: GraftReader, partition: int, checkpoint: Checkpoint) -> Iterator[Record]:
    """From where the checkpoint has come to."""
    offset = checkpoint.grafting.offset
    while records := reader.read(partition, offset):
        yield from records
        offset = records[-1].offset + 1
