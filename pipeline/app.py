"""The composition root: one agent of a topology, put together with its settings. Everything else is handed in."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from agents import intake, shopper
from pipeline.config.settings import Settings
from pipeline.config.topology import Topology
from pipeline.domain.decision import DECISION_TOPICS
from pipeline.kafka.agent_app import AgentApp, AgentParts, AgentPlace, make_agent_app
from pipeline.kafka.client import Client
from pipeline.kafka.clock import Acceleration, BrokersClock, Clock, WorkerClock
from pipeline.kafka.lifecycle import Stage
from pipeline.kafka.source_watch import SourceWatch
from pipeline.kafka.topic_plan import TopicPlan, topic_plans
from pipeline.kafka.topic_watch import TopicWatch
from pipeline.observability.metrics import Metrics
from pipeline.observability.partition_watch import PartitionWatch, Standing
from pipeline.observability.stuck import Opening, Place
from pipeline.runtime.dead_letter_limit import DeadLetterLimit
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS
from schemas.codec import DecisionCodec

AGENTS = {intake.NAME: intake, shopper.NAME: shopper}

# Intake's state is one checkpoint a partition: nothing to follow.
_FOLLOWED = frozenset({shopper.NAME})

_INTERVAL = 1.0


class Embedded(NamedTuple):
    """The brokers are the embedded one: no topic administration, no append time. acceleration: None = real time."""

    acceleration: Acceleration | None = None


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
                places[partition] = Place(next_offset, lags.get(partition, 0))
            elif lane.owner.life.stage in (Stage.FENCING, Stage.RESTORING):
                places[partition] = Opening(str(lane.owner.life.stage), lane.owner.steps)
        return places

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
            )
            for partition, lane in list(self.app.ownership.lanes.items())
        ]


def client_of(settings: Settings) -> Client:
    """Raises ClientError."""
    return Client(settings.brokers, settings.kafka)


def plans_of(topology: Topology, agents: Collection[str] = tuple(AGENTS)) -> list[TopicPlan]:
    """The topics that these agents of a topology need."""
    logical = ("clickstream", SHOPPER_EVENTS, DEAD_LETTERS, intake.CHANGELOG, shopper.CHANGELOG, *DECISION_TOPICS)
    used = {name for agent in agents for name in _topics_of(agent)}
    plans = topic_plans(
        {name: topology.topic(name) for name in logical},
        topology.kafka.partitions,
        topology.kafka.replication,
        topology.time.received,
        DECISION_TOPICS,
    )
    return [plan for plan in plans if plan.logical in used]


def _topics_of(agent: str) -> tuple[str, ...]:
    module = AGENTS[agent]
    return module.SOURCE, module.CHANGELOG, *module.OUTPUTS


def make_agent(
    name: str, topology: Topology, settings: Settings, directory: Path, embedded: Embedded | None = None
) -> RunningAgent:
    """name: of AGENTS. directory: owned by this process. Raises ClientError, RegistryError."""
    agent = AGENTS[name]
    client = client_of(settings)
    worker_clock = WorkerClock(embedded.acceleration if embedded else None)
    clock: Clock = worker_clock if embedded else BrokersClock(worker_clock)
    metrics = Metrics(name)
    watch = PartitionWatch(metrics)
    place = AgentPlace(
        group=f"{topology.name}.{name}",
        source=topology.topic(agent.SOURCE),
        changelog=topology.topic(agent.CHANGELOG),
        partitions=topology.kafka.partitions,
        outputs={logical: topology.topic(logical) for logical in agent.OUTPUTS},
        directory=directory,
        standbys=settings.standbys if name in _FOLLOWED else 0,
        check_crcs=embedded is None,
    )
    app = make_agent_app(place, client, _parts(name, topology, settings, directory / "state"), clock, watch)
    agent.declare(app)
    teller = None
    interval = _INTERVAL
    if name == intake.NAME:
        teller = intake.make_teller(topology, client.librdkafka(place.group, group_id=place.group), clock)
        interval = min(_INTERVAL, (topology.time.tick or 500) / 1000)
    running = RunningAgent(name, app, metrics, SourceWatch(app.ownership, _Reader(app), interval, teller))
    if embedded is None:
        used = {place.source, place.changelog, *place.outputs.values()}
        plans = [plan for plan in plans_of(topology) if plan.name in used]
        running.topic_watch = TopicWatch(client.librdkafka(place.group), plans)
    watch.follow(running.standings, lags=app.standbys.lags)
    return running


def _parts(name: str, topology: Topology, settings: Settings, directory: Path) -> AgentParts:
    letters = DeadLetterLimit(ratio=settings.dead_letter_ratio)
    if name == intake.NAME:
        return intake.IntakeParts(topology, directory, letters)
    encoder = DecisionCodec(
        topology.kafka.format,
        topology.name,
        topics={logical: topology.topic(logical) for logical in DECISION_TOPICS},
        registry=settings.schema_registry or "",
    )
    return shopper.ShopperParts(topology, encoder, directory, letters)


class _Reader:
    """The app's consumer, which exists only once the app has started."""

    def __init__(self, app: AgentApp) -> None:
        self._app = app

    async def standing(self, partitions: list[Any]) -> Any:
        consumer: Any = self._app.consumer
        return await consumer.standing(partitions)
