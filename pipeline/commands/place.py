"""Where a command finds what is known of a shopper: files, the stores of a worker, or the changelog."""

from pathlib import Path

from pipeline.commands.failure import Failure
from pipeline.commands.replay import sources_of
from pipeline.config.settings import Settings
from pipeline.config.topology import Topology
from pipeline.domain.decide import Engine
from pipeline.domain.value.instant import format_instant
from pipeline.explain.known import (
    Alias,
    Known,
    NoState,
    TooEarly,
    UnknownShopper,
    from_record,
    from_replay,
    from_stores,
)
from pipeline.replay.mapping import MappingError
from pipeline.replay.source import InputError
from pipeline.runtime.ports import StateError
from pipeline.topics import AGENT_TOPICS, SHOPPER

_PATIENCE = 10.0
_WRONG = 2


def known_at(
    topology: Topology,
    settings: Settings,
    shopper: str,
    at: int | None,
    inputs: list[str] | None,
    mapping: Path | None,
    data_dir: Path | None,
    brokers: str | None,
) -> Known:
    """From `inputs`, else from `data_dir`, else from `brokers`, as the options of the command say; without any of them
    from the data directory, if there is one, else from the brokers. at: ms, None: where time stands. Raises Failure."""
    if sum(bool(one) for one in (inputs, data_dir, brokers)) > 1:
        raise Failure("--input, --data-dir and --brokers are three places to look at; name one.", _WRONG)
    try:
        if inputs:
            return _replayed(topology, inputs, mapping, shopper, at)
        if data_dir is not None or (brokers is None and settings.data_directory.exists()):
            return _stored(topology, settings.data_directory, shopper, at)
        return _logged(topology, settings, shopper, at)
    except Alias as alias:
        raise Failure(f"This id has become another shopper's: ask for {alias.user}.") from None


def _replayed(topology: Topology, inputs: list[str], mapping: Path | None, shopper: str, at: int | None) -> Known:
    try:
        return from_replay(topology.plan(), sources_of(inputs, mapping), shopper, at)
    except MappingError as error:
        raise Failure(str(error), _WRONG) from None
    except InputError as error:
        raise Failure(str(error)) from None
    except UnknownShopper:
        by = "" if at is None else f" by {format_instant(at)}"
        raise Failure(f"This shopper is not known: no valid event of that id in {', '.join(inputs)}{by}.") from None


def _stored(topology: Topology, directory: Path, shopper: str, at: int | None) -> Known:
    try:
        return from_stores(topology.plan(), directory, shopper, at)
    except NoState:
        raise Failure(f"There is no state under {directory}; name a worker's directory with --data-dir.") from None
    except UnknownShopper:
        raise Failure(
            f"This shopper is not known under {directory}; another worker may have its partition: ask with --brokers."
        ) from None
    except TooEarly as error:
        raise _too_early(error) from None
    except StateError as error:
        raise Failure(str(error)) from error
    except PermissionError as error:
        raise Failure(f"{error.filename} can't be read; run this as the worker's user.") from error


def _logged(topology: Topology, settings: Settings, shopper: str, at: int | None) -> Known:
    # Imported where it is needed: who replays a file does not wait for Kafka's libraries.
    from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
    from pipeline.kafka.changelog_lookup import latest_record, partition_of
    from pipeline.kafka.client import Client, ClientError
    from pipeline.kafka.restore import RestoreError

    topic, key = topology.topic(AGENT_TOPICS[SHOPPER].changelog), shopper.encode()
    partition = partition_of(key, topology.kafka.partitions)
    try:
        client = Client(settings.brokers, settings.kafka).librdkafka(topology.name)
        TopicAdmin(client).wait_for_brokers(_PATIENCE)
        found = latest_record(client, topic, partition, key)
        if found.value is None:
            raise Failure(f"This shopper is not known: {topic}, partition {partition}, holds no record of that id.")
        source = {"kind": "changelog", "topic": topic, "partition": partition}
        return from_record(Engine(topology.plan()), shopper, found.value, found.checkpoint, at, source)
    except UnknownShopper:
        raise Failure(f"This shopper is not known: of that id {topic} holds nothing that counts now.") from None
    except TooEarly as error:
        raise _too_early(error) from None
    except (BrokersAway, AdminError, ClientError, RestoreError, StateError) as error:
        raise Failure(str(error)) from error


def _too_early(error: TooEarly) -> Failure:
    return Failure(
        f"The record stands at {format_instant(error.stands_at)}; for an earlier instant replay a file with --input.",
        _WRONG,
    )
