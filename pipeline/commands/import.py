"""`afterclick import`: the history of a shop that had other tools before, onto the clickstream."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.archive.prepared_history import PreparedHistory, name_of
from pipeline.archive.progress import Progress
from pipeline.archive.reading import Reading, Summary
from pipeline.archive.sending import Sending
from pipeline.archive.source import CSV, FORMATS, SEGMENT, ArchiveSource, files_of
from pipeline.archive.text import NEXT, found, unready
from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, DataDirectory, MappingFile, TopologyFile
from pipeline.config.settings import Settings, process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.data_directory import DataDirectory as OwnedDirectory
from pipeline.data_directory import DataDirectoryError
from pipeline.domain.intake.intake import Intake
from pipeline.domain.value.instant import format_instant
from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
from pipeline.kafka.client import Client, ClientError, Properties
from pipeline.kafka.history_log import PARTITION, HistoryLog
from pipeline.kafka.restore import RestoreError, latest_checkpoints
from pipeline.replay.mapping import Mapping, MappingError, load_mapping
from pipeline.replay.progress import ProgressBar
from pipeline.replay.source import InputError
from pipeline.runtime.ports import Fenced, OutboxError
from pipeline.topics import AGENT_TOPICS, INTAKE

NAME = "import"
_WRONG = 2
_PATIENCE = 10.0
# Seconds between two lines that tell how far it has come.
_TELL = 10.0
_TOPICS = AGENT_TOPICS[INTAKE]


def command(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="Files (also .gz), or folders of them with all below.")
    ],
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}; by default {SEGMENT}."),
    ] = None,
    mapping: MappingFile = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    rate: Annotated[int, typer.Option("--rate", metavar="N", min=1, help="Most events a second.")] = 5_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and count; write nothing, ask no broker.")] = False,
    dead_letters: Annotated[
        Path | None, typer.Option("--dead-letters", metavar="FILE", help="Where rows go that are not taken.")
    ] = None,
    take_broken: Annotated[
        bool, typer.Option("--take-broken", help="Take what can be read of files that break off.")
    ] = False,
    data_dir: DataDirectory = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no text.")] = False,
) -> None:
    """Put a shop's history onto the clickstream, before it goes live: archives of Segment and RudderStack, enriched
    events of Snowplow, GA4's export to BigQuery, CSV with a mapping. It is sorted by time first, then sent. Killed at
    any time and started again with the same arguments, it goes on where the log says it was. What is decided before
    `time.live_from` is silent. Exits 1 if it can't go on, 2 for wrong arguments or topology.

    Examples: [bold]afterclick import --dry-run segment-logs/[/] ·
    [bold]afterclick import --format snowplow enriched/ --rate 20000[/] ·
    [bold]afterclick import --format ga4 events_*.json.gz[/] ·
    [bold]afterclick import orders.csv --mapping docs/examples/online-retail.mapping.yaml[/]
    """
    loaded = load(topology, process_environment())
    settings = resolve(process_environment(), topology=topology, brokers=brokers, data_directory=data_dir)
    form = _format(form, mapping)
    problem = unready(loaded)
    if problem is not None and not dry_run:
        raise Failure(problem, _WRONG)
    try:
        rules = load_mapping(mapping) if mapping is not None else None
        files = files_of(inputs)
        run = _Run(loaded, settings, form, rules, None if quiet else Console(stderr=True))
        summary = run.trial(files, dead_letters) if dry_run else run.through(files, dead_letters, rate, take_broken)
    except (InputError, MappingError) as error:
        raise Failure(str(error), _WRONG) from None
    except Fenced as error:
        raise Failure("Another import of this topology was started; this one stops.") from error
    except (BrokersAway, AdminError, ClientError, RestoreError, OutboxError, DataDirectoryError, OSError) as error:
        raise Failure(f"{error} Start it again: it goes on where it was.") from error
    if not quiet:
        typer.echo(f"Nothing was written. {problem or ''}".rstrip() if dry_run else NEXT)
    if not summary.events:
        raise Failure("Nothing usable: no file holds a valid event that is history.")


def _format(form: str | None, mapping: Path | None) -> str:
    form = form or (CSV if mapping is not None else SEGMENT)
    if form not in FORMATS:
        raise Failure(f"--format {form} is none of {', '.join(FORMATS)}.", _WRONG)
    if (form == CSV) != (mapping is not None):
        raise Failure(
            "CSV needs --mapping FILE, which says how its rows become events; other formats take none.", _WRONG
        )
    return form


class _Run:
    def __init__(
        self, topology: Topology, settings: Settings, form: str, mapping: Mapping | None, console: Console | None
    ) -> None:
        self._topology, self._settings = topology, settings
        self._form, self._mapping = form, mapping
        self._console = console
        self._reading = Reading(Intake(topology.plan()), topology.time.live_from or 0)

    def trial(self, files: list[Path], letters: Path | None) -> Summary:
        """Read without keeping anything but what is refused."""
        sources = self._sources(files)
        with self._bar(sources) as bar, letters.open("wb") if letters is not None else nullcontext() as refused:
            summary = replace(self._reading, progress=bar).read(sources, None, refused)
        self._tell(summary, letters)
        return summary

    def through(self, files: list[Path], letters: Path | None, rate: int, take_broken: bool) -> Summary:
        """Prepare, unless that was done before, and send. Raises Failure."""
        directory = OwnedDirectory(self._settings.data_directory / NAME)
        try:
            prepared = PreparedHistory(directory.path, self._name_of(files))
            log = self._log()
            try:
                before = self._before(log, prepared)
                summary = prepared.summary() or self._prepared(prepared, files, letters, take_broken)
                self._tell(summary, letters or prepared.letters)
                self._expect_order(before, prepared.name, summary)
            except BaseException:
                log.close()
                raise
            sent = before.sent if before is not None and before.name == prepared.name else 0
            tell = self._teller(summary)
            Sending(prepared.history, prepared.name, summary.events, rate, self._log, tell).run(log, sent)
            prepared.history.clear()
        finally:
            directory.release()
        return summary

    def _name_of(self, files: list[Path]) -> str:
        topology = self._topology
        aliases, live_from = topology.plan().aliases, topology.time.live_from
        return name_of(files, topology.name, live_from, aliases, self._form, repr(self._mapping))

    def _before(self, log: HistoryLog, prepared: PreparedHistory) -> Progress | None:
        """How far the log says that this history, or another before it, has come. Raises Failure if it can't go on
        from there."""
        before = log.progress()
        if before is not None and before.name != prepared.name and not before.done:
            raise Failure(
                f"Another import stopped at {before.sent:,} of {before.events:,} events. Finish it first: start it"
                " again with its own arguments, the files as they were. Or begin anew, with empty topics."
            )
        if prepared.sent and (before is None or before.name != prepared.name):
            raise Failure(
                "This history was sent to its end before, and the log does not say so any more. If the topics are new,"
                f" remove {prepared.folder} and start again."
            )
        return before

    def _prepared(
        self, prepared: PreparedHistory, files: list[Path], letters: Path | None, take_broken: bool
    ) -> Summary:
        sources = self._sources(files)
        with self._bar(sources) as bar:
            reading = replace(self._reading, progress=bar)
            summary = prepared.prepare(reading, sources, letters or prepared.letters, broken=take_broken)
        if summary.broken and not take_broken:
            self._tell(summary, letters or prepared.letters)
            raise Failure(
                "Nothing was sent. Mend or leave out what cannot be read; --take-broken takes what can be read of it."
            )
        return summary

    def _expect_order(self, before: Progress | None, name: str, summary: Summary) -> None:
        """Raises Failure if the workers have come so far already that the history would count as late."""
        if not summary.events or (before is not None and before.name == name):
            return
        changelog = self._topology.topic(_TOPICS.changelog)
        checkpoint = latest_checkpoints(self._properties(), changelog, [PARTITION]).get(PARTITION)
        known = max(checkpoint.time if checkpoint is not None else 0, before.last if before is not None else 0)
        if summary.first < known - self._topology.time.late.segments:
            raise Failure(
                f"The history begins at {format_instant(summary.first)}, and the log has come to "
                f"{format_instant(known)}: so much of it would count as late. Import all files in one run, or in order,"
                " before live traffic; to begin anew, empty the topics."
            )

    def _sources(self, files: list[Path]) -> list[ArchiveSource]:
        return [ArchiveSource(path, self._form, self._mapping) for path in files]

    def _properties(self) -> Properties:
        return Client(self._settings.brokers, self._settings.kafka).librdkafka(f"{self._topology.name}.{NAME}")

    def _log(self) -> HistoryLog:
        properties = self._properties()
        TopicAdmin(properties).wait_for_brokers(_PATIENCE)
        return HistoryLog(properties, self._topology.topic(_TOPICS.source), f"{self._topology.name}.{NAME}")

    def _bar(self, sources: list[ArchiveSource]) -> "ProgressBar | nullcontext[None]":
        console = self._console
        return ProgressBar(console, sources, NAME) if console is not None and console.is_terminal else nullcontext()

    def _tell(self, summary: Summary, letters: Path | None) -> None:
        if self._console is not None:
            typer.echo("\n".join(found(summary, letters)))

    def _teller(self, summary: Summary) -> Callable[[int], None]:
        """Says now and then how far it has come."""
        console, begun = self._console, time.monotonic()
        told = begun

        def tell(sent: int) -> None:
            nonlocal told
            now = time.monotonic()
            if console is not None and (now - told >= _TELL or sent >= summary.events):
                told = now
                share = 100 * sent // max(summary.events, 1)
                console.print(f"sent {sent:,} of {summary.events:,} events ({share} %)", highlight=False)

        return tell
