"""Which topics each agent of a topology reads and writes. Apart from the agents, which take long to import."""

from collections.abc import Collection
from typing import NamedTuple

from pipeline.config.flow import LOGICAL_TOPICS
from pipeline.config.topology import Topology
from pipeline.domain.decision import DECISION_TOPICS, SEGMENT_CALLS
from pipeline.kafka.topic_plan import TopicPlan, topic_plans
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS

INTAKE, SHOPPER = "intake", "shopper"


class AgentTopics(NamedTuple):
    """Logical topics; a topology may name them otherwise. outputs: all there may be, see `outputs_of`."""

    source: str
    changelog: str
    outputs: tuple[str, ...]


AGENT_TOPICS = {
    INTAKE: AgentTopics("clickstream", "intake-changelog", (SHOPPER_EVENTS, DEAD_LETTERS)),
    SHOPPER: AgentTopics(SHOPPER_EVENTS, "shopper-changelog", (*DECISION_TOPICS, SEGMENT_CALLS, DEAD_LETTERS)),
}


def outputs_of(topology: Topology, agent: str) -> tuple[str, ...]:
    """What an agent of this topology writes, besides its changelog: logical topics."""
    used = topology.used_topics()
    return tuple(logical for logical in AGENT_TOPICS[agent].outputs if logical in used)


def plans_of(topology: Topology, agents: Collection[str] = tuple(AGENT_TOPICS)) -> list[TopicPlan]:
    """The topics that these agents of a topology need."""
    used = {name for agent in agents for name in _topics_of(topology, agent)}
    plans = topic_plans(
        {name: topology.topic(name) for name in LOGICAL_TOPICS},
        topology.kafka.partitions,
        topology.kafka.replication,
        topology.time.received,
        (*DECISION_TOPICS, SEGMENT_CALLS),
    )
    return [plan for plan in plans if plan.logical in used]


def _topics_of(topology: Topology, agent: str) -> tuple[str, ...]:
    topics = AGENT_TOPICS[agent]
    return topics.source, topics.changelog, *outputs_of(topology, agent)
