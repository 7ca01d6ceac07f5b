"""The composition root: one agent of a topology, put together with its settings. Everything else is handed in."""

import time
from pathlib import Path
from typing import Any

import msgspec

from agents import intake, shopper
from agents.source_agent import declare
from pipeline.config.settings import Settings
from pipeline.config.topology import Topology
from pipeline.domain.decision import DECISION_TOPICS
from pipeline.kafka.agent_app import AgentApp, AgentPlace, make_agent_app
from pipeline.kafka.client import Client
from pipeline.kafka.clock import BrokersClock, Clock, WorkerClock
from pipeline.kafka.embedded import Embedded
from pipeline.kafka.lifecycle import Stage
from pipeline.kafka.source_watch import SourceWatch
from pipeline.kafka.topic_watch import TopicWatch
from pipeline.observability.metrics import Metrics
from pipeline.observability.partition_watch import PartitionWatch, Standing
from pipeline.observability.stuck import Opening, Place
from pipeline.query.placement import Placement
from pipeline.runtime.dead_letter_limit import DeadLetterLimit
from pipeline.topics import AGENT_TOPICS, INTAKE, SHOPPER, outputs_of, plans_of
from schemas.codec import DecisionCodec
from schemas.segment_call import CallRenderer

# Intake's state is one checkpoint a partition: nothing to follow.
_FOLLOWED = frozenset({SHOPPER})

_INTERVAL = 1.0


class RunningAgent(msgspec.Struct):
    """An agent ready to be started: see pipeline/worker.py."""

    name: str
    app: AgentApp
    metrics: Metrics
    source_watch: SourceWatch
    topic_watch: TopicWatch | None = None

    def places(self) -> dict[int, Place | Opening]:
        """What the watchdog looks at: partitions that should be working, or soon. From any thread."""
        lags = self.source_watch.lags
        places: dict[int, Place | Opening] = {}
        for partition, lane in list(self.app.ownership.lanes.items()):
            next_offset = lane.next_offset
            if lane.owner.life.takes_batches and next_offset is not None:
                places[partition] = Place(next_offset, lags.get(partition, 0), lane.tries, lane.doing)
            elif lane.owner.life.stage in (Stage.FENCING, Stage.RESTORING):
                places[partition] = Opening(str(lane.owner.life.stage), lane.owner.steps)
        return places

    def brokers_away(self) -> bool:
        """Whether the group's coordinator does not answer. From any thread."""
        consumer: Any = self.app.consumer
        return bool(consumer.brokers_away)

    def placement(self) -> Placement:
        """What the query API is told. From any thread."""
        lanes = list(self.app.ownership.lanes.items())
        return Placement(
            stages={partition: str(lane.owner.life.stage) for partition, lane in lanes},
            open=frozenset(partition for partition, lane in lanes if lane.owner.life.takes_batches),
            owners=self.app.owners,
        )

    def standings(self) -> list[Standing]:
        """What metrics show of each partition. From any thread."""
        lags = self.source_watch.lags
        return [
            Standing(
                partition,
                str(lane.owner.life.stage),
                lane.next_offset,
                lags.get(partition),
                lane.owner.time,
                lane.owner.store,
                lane.owner.sweeping,
            )
            for partition, lane in list(self.app.ownership.lanes.items())
        ]


def make_agent(
    name: str, topology: Topology, settings: Settings, directory: Path, embedded: Embedded | None = None
) -> RunningAgent:
    """name: of AGENT_TOPICS. directory: owned by this process. Raises ClientError, RegistryError."""
    topics = AGENT_TOPICS[name]
    client = Client(settings.brokers, settings.kafka)
    worker_clock = WorkerClock(embedded.acceleration if embedded else None)
    clock: Clock = worker_clock if embedded else BrokersClock(worker_clock)
    metrics = Metrics(name)
    watch = PartitionWatch(metrics, clock=lambda: worker_clock.at(time.monotonic()) / 1000)
    place = AgentPlace(
        group=f"{topology.name}.{name}",
        source=topology.topic(topics.source),
        changelog=topology.topic(topics.changelog),
        partitions=topology.kafka.partitions,
        outputs={logical: topology.topic(logical) for logical in outputs_of(topology, name)},
        directory=directory,
        standbys=settings.standbys if name in _FOLLOWED else 0,
        check_crcs=embedded is None,
        grafts=topology.topic(topics.grafts) if topics.grafts else "",
        url=settings.query_url,
    )
    parts = _parts(name, topology, settings, directory / "state")
    app = make_agent_app(place, client, parts, clock, watch)
    declare(app, name)
    teller = None
    interval = _INTERVAL
    if name == INTAKE:
        teller = intake.make_teller(topology, client.librdkafka(place.group, group_id=place.group), clock)
        interval = min(_INTERVAL, (topology.time.tick or 500) / 1000)
    running = RunningAgent(name, app, metrics, SourceWatch(app.ownership, _Reader(app), interval, teller))
    if embedded is None:
        used = {place.source, place.changelog, *place.outputs.values()}
        plans = [plan for plan in plans_of(topology) if plan.name in used]
        running.topic_watch = TopicWatch(client.librdkafka(place.group), plans)
    watch.follow(running.standings, lags=app.standbys.lags)
    watch.follow_memory(parts.memory)
    watch.follow_disk(directory)
    return running


def _parts(
    name: str, topology: Topology, settings: Settings, directory: Path
) -> intake.IntakeParts | shopper.ShopperParts:
    letters = DeadLetterLimit(ratio=settings.dead_letter_ratio)
    if name == INTAKE:
        return intake.IntakeParts(topology, directory, letters)
    encoder = DecisionCodec(
        topology.kafka.format,
        topology.name,
        topics={logical: topology.topic(logical) for logical in DECISION_TOPICS},
        registry=settings.schema_registry or "",
    )
    calls = topology.segment_calls
    renderer = None if calls is None else CallRenderer(topology.name, calls.render, calls.traits)
    return shopper.ShopperParts(topology, encoder, directory, letters, settings.memory, renderer)


class _Reader:
    """The app's consumer, which exists only once the app has started."""

    def __init__(self, app: AgentApp) -> None:
        self._app = app

    async def standing(self, partitions: list[Any]) -> Any:
        consumer: Any = self._app.consumer
        return await consumer.standing(partitions)
