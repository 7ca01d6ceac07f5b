"""The Faust app of one agent: its group, its transport, and its partitions' life through rebalances."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import faust
import msgspec
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from faust.transport.drivers import TRANSPORTS
from faust.types import TP

from pipeline.kafka.assignor import Assignor, owners_of
from pipeline.kafka.client import Client
from pipeline.kafka.clock import Clock
from pipeline.kafka.credentials import faust_credentials
from pipeline.kafka.graft_reader import GraftReader
from pipeline.kafka.group_member import MembershipLost
from pipeline.kafka.ownership import Ownership
from pipeline.kafka.partition_owner import PartitionOwner, Parts, Watch, Wiring
from pipeline.kafka.patience import Patience
from pipeline.kafka.standby import StandbyParts, Standbys, StandbyWatch
from pipeline.kafka.table_manager import TableManager
from pipeline.kafka.transport import Consumer, ConsumerOptions
from pipeline.observability.log import describe

log = logging.getLogger(__name__)

SCHEME = "afterclick"
TRANSPORTS.aliases[SCHEME] = "pipeline.kafka.transport:Transport"


class AgentPlace(msgspec.Struct, frozen=True):
    """Where one agent of a topology runs.

    group: consumer group, also prefix of transactional ids. source, changelog: topics of the shop, of `partitions`
    partitions each. outputs: logical topic -> topic of the shop. directory: this process's own, locked by it.
    standbys: how many other workers follow each partition. grafts: topic of what a backfill writes for the agent, empty
    where there is none. url: of this worker's query API, told to the others; empty where there is none. check_crcs: off
    with the embedded broker, whose transaction markers carry wrong ones.
    """

    group: str
    source: str
    changelog: str
    partitions: int
    outputs: Mapping[str, str]
    directory: Path
    standbys: int = 0
    check_crcs: bool = True
    grafts: str = ""
    url: str = ""

    @property
    def canonical_url(self) -> str:
        """What members tell each other of where they are; of one without a query API nothing is served there."""
        return self.url or f"http://{self.group}"


class AgentParts(Parts, StandbyParts, Protocol):
    """What partitions are made of, owned or followed."""


class AgentWatch(Watch, StandbyWatch, Protocol):
    """What is told of both."""


class AgentApp(faust.App):
    """A Faust app that owns partitions; see Ownership. Agents hand it their batches with `take`."""

    # With Faust's other loggers; mode would name it after this module.
    logger = logging.getLogger("faust.batches")
    ownership: Ownership
    standbys: Standbys
    consumer_options: ConsumerOptions

    async def take(self, batch: Any) -> None:
        await self.ownership.take(batch)

    async def leave(self, budget: float) -> None:
        """Stop: finish the batches in hand, commit, close all partitions; then leave the group, for at most `budget`
        seconds, so that the others notice at once."""
        await self.ownership.on_revoked()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.consumer.commit(), budget)
        await self.ownership.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.stop(), budget)

    async def group_trouble(self) -> str:
        """Why this worker can't take part in its group, as a sentence; empty if it can or will try again by itself."""
        consumer = cast("Consumer", self.consumer)
        try:
            error = await asyncio.wait_for(consumer.group_error(), 5.0)
        except TimeoutError:
            return ""
        if error is None:
            return ""
        if isinstance(error, GroupAuthorizationFailedError | TopicAuthorizationFailedError):
            return f"This user may not read with group {self.conf.id} or its topics; see docs/security.md."
        if isinstance(error, MembershipLost):
            return str(error)
        log.warning("The group did not take us, joining again: %s", describe(error))
        return ""

    @property
    def source_partitions(self) -> set[int]:
        """The source partitions assigned to this worker; changelog partitions of standbys are assigned too."""
        return {tp.partition for tp in self.assignor.assigned_actives() if tp.topic == self.ownership.topic}

    @property
    def owners(self) -> dict[int, str]:
        """URL of the query API of who has each partition, of those that tell theirs. From any thread."""
        unnamed = f"http://{self.conf.id}"
        assignor = cast("Assignor", self.assignor)
        return owners_of(assignor.external_topic_distribution, self.ownership.topic, unnamed)

    @property
    def standby_partitions(self) -> set[int]:
        """Partitions of other workers that this one is to follow."""
        return {tp.partition for tp in self.assignor.assigned_standbys() if tp.topic == self.ownership.topic}


def make_agent_app(
    place: AgentPlace,
    client: Client,
    parts: AgentParts,
    clock: Clock,
    watch: AgentWatch,
    patience: Patience | None = None,
) -> AgentApp:
    """Raises ClientError."""
    app = AgentApp(place.group, **_settings(place, client))
    wiring = Wiring(
        source=place.source,
        changelog=place.changelog,
        outputs=place.outputs,
        transactional_prefix=place.group,
        producer=client.librdkafka(place.group),
        consumer=client.librdkafka(place.group, group_id=place.group),
    )
    standbys = app.standbys = Standbys(place.changelog, wiring.consumer, parts, watch)
    ownership = Ownership(
        place.source,
        lambda partition: PartitionOwner(partition, parts, wiring, clock, watch),
        _ConsumerOf(app),
        patience,
        standbys,
        GraftReader(wiring.consumer, place.grafts) if place.grafts else None,
    )
    app.ownership = ownership
    app.consumer_options = ConsumerOptions(
        ownership.checkpoint_of, lambda: clock.at(time.monotonic()), _tell_lost_records
    )
    # Declared so that the changelog is assigned with the source; never read or written through Faust.
    app.Table(
        "state",
        partitions=place.partitions,
        changelog_topic=app.topic(
            place.changelog, partitions=place.partitions, key_serializer="raw", value_serializer="raw", compacting=True
        ),
    )
    _follow_rebalances(app, ownership, watch)
    return app


def _settings(place: AgentPlace, client: Client) -> dict[str, Any]:
    session = client.seconds("session.timeout.ms", 15.0)
    return {
        "broker": client.faust_broker(SCHEME),
        "broker_credentials": faust_credentials(client),
        "broker_session_timeout": session,
        "broker_heartbeat_interval": client.seconds("heartbeat.interval.ms", min(1.0, session / 3)),
        "broker_commit_interval": 1.0,
        "broker_check_crcs": place.check_crcs,
        "consumer_group_instance_id": client.get("group.instance.id"),
        # Said in each assignment, with who has which partition.
        "canonical_url": place.canonical_url,
        "PartitionAssignor": Assignor,
        "consumer_auto_offset_reset": "earliest",
        # Large batches write a busy shopper once for many events.
        "consumer_max_fetch_size": 4 << 20,
        "TableManager": TableManager,
        "store": "memory://",
        "table_standby_replicas": place.standbys,
        "datadir": str(place.directory / "faust"),
        # Counts batches, not records.
        "stream_buffer_maxsize": 4,
        # A batch is acknowledged when its lane has it; what counts is drained by our own budget.
        "stream_wait_empty": False,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "autodiscover": False,
    }


def _follow_rebalances(app: AgentApp, ownership: Ownership, watch: Watch) -> None:
    async def opened(*_: Any, **__: Any) -> None:
        generation = app.consumer_generation_id
        watch.rebalanced()
        await ownership.on_assigned(
            app.source_partitions,
            generation,
            lambda: bool(app.consumer_generation_id == generation),
            app.standby_partitions,
        )

    async def revoked(*_: Any, **__: Any) -> None:
        await ownership.on_revoked()

    app.on_rebalance_complete.connect(opened)
    app.on_partitions_revoked.connect(revoked)


def _tell_lost_records(tp: TP, wanted: int, first: int) -> None:
    log.error(
        "Records are gone from the topic before they were read (retention too short?); going on at the first one left.",
        extra={"topic": tp.topic, "partition": tp.partition, "offset": first, "records": first - wanted},
    )


class _ConsumerOf:
    """The app's consumer, which exists only once the app has started."""

    def __init__(self, app: AgentApp) -> None:
        self._app = app

    @property
    def _consumer(self) -> Consumer:
        return cast("Consumer", self._app.consumer)

    async def seek_to_checkpoint(self, next_offsets: dict[TP, int]) -> None:
        await self._consumer.seek_to_checkpoint(next_offsets)

    def hold(self, tp: TP) -> None:
        self._consumer.hold(tp)

    def release(self, tp: TP) -> None:
        self._consumer.release(tp)
