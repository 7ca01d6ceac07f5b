"""Which topics each agent of a topology reads and writes. Apart from the agents, which take long to import."""

from collections.abc import Collection
from typing import NamedTuple

from pipeline.config.flow import BACKFILL, LOGICAL_TOPICS
from pipeline.config.topology import Topology
from pipeline.domain.decision import DECISION_TOPICS, SEGMENT_CALLS
from pipeline.kafka.topic_plan import Keeping, TopicPlan, topic_plans
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS

INTAKE, SHOPPER = "intake", "shopper"


class AgentTopics(NamedTuple):
    """Logical topics; a topology may name them otherwise. outputs: all there may be, see `outputs_of`. grafts: of
    backfills, where it takes them; it works without that topic, too."""

    source: str
    changelog: str
    outputs: tuple[str, ...]
    grafts: str = ""


AGENT_TOPICS = {
    INTAKE: AgentTopics("clickstream", "intake-changelog", (SHOPPER_EVENTS, DEAD_LETTERS)),
    SHOPPER: AgentTopics(
        SHOPPER_EVENTS,
        "shopper-changelog",
        (*DECISION_TOPICS, SEGMENT_CALLS, DEAD_LETTERS, SHOPPER_EVENTS),
        BACKFILL,
    ),
}


def outputs_of(topology: Topology, agent: str) -> tuple[str, ...]:
    """What an agent of this topology writes, besides its changelog: logical topics."""
    used, topics = topology.used_topics(), AGENT_TOPICS[agent]
    # Shoppers write to each other only where one may become another, or refer to one.
    refers = any(rule.also for programme in topology.loyalty.values() for rule in programme.earn)
    own = set() if refers or topology.identity is not None else {topics.source}
    return tuple(logical for logical in topics.outputs if logical in used and logical not in own)


def plans_of(topology: Topology, agents: Collection[str] | None = None) -> list[TopicPlan]:
    """The topics that these agents of a topology need; None: all topics of it."""
    used = {name for agent in agents or AGENT_TOPICS for name in _topics_of(topology, agent)}
    if agents is None:
        used.add(BACKFILL)
    plans = topic_plans(
        {name: topology.topic(name) for name in LOGICAL_TOPICS},
        topology.kafka.partitions,
        topology.kafka.replication,
        topology.time.received,
        (*DECISION_TOPICS, SEGMENT_CALLS),
        _keeping(topology),
    )
    return [plan for plan in plans if plan.logical in used]


def _keeping(topology: Topology) -> Keeping:
    rule = topology.retention
    return Keeping(
        clickstream=rule.clickstream,
        shopper_events=rule.shopper_events,
        decisions=rule.decisions,
        dead_letters=rule.dead_letters,
        receipts=rule.receipts,
        uncompacted=rule.changelogs if topology.ends_records() else None,
    )


def _topics_of(topology: Topology, agent: str) -> tuple[str, ...]:
    topics = AGENT_TOPICS[agent]
    return topics.source, topics.changelog, *outputs_of(topology, agent)
