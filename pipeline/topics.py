"""Which topics each agent of a topology reads and writes. Apart from the agents, which take long to import."""

from collections.abc import Collection
from typing import NamedTuple

from pipeline.config.topology import Topology
from pipeline.domain.decision import DECISION_TOPICS
from pipeline.kafka.topic_plan import TopicPlan, topic_plans
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS

INTAKE, SHOPPER = "intake", "shopper"


class AgentTopics(NamedTuple):
    """Logical topics; a topology may name them otherwise."""

    source: str
    changelog: str
    outputs: tuple[str, ...]


AGENT_TOPICS = {
    INTAKE: AgentTopics("clickstream", "intake-changelog", (SHOPPER_EVENTS, DEAD_LETTERS)),
    SHOPPER: AgentTopics(SHOPPER_EVENTS, "shopper-changelog", (*DECISION_TOPICS, DEAD_LETTERS)),
}


def plans_of(topology: Topology, agents: Collection[str] = tuple(AGENT_TOPICS)) -> list[TopicPlan]:
    """The topics that these agents of a topology need."""
    changelogs = (topics.changelog for topics in AGENT_TOPICS.values())
    logical = ("clickstream", SHOPPER_EVENTS, DEAD_LETTERS, *changelogs, *DECISION_TOPICS)
    used = {name for agent in agents for name in _topics_of(AGENT_TOPICS[agent])}
    plans = topic_plans(
        {name: topology.topic(name) for name in logical},
        topology.kafka.partitions,
        topology.kafka.replication,
        topology.time.received,
        DECISION_TOPICS,
    )
    return [plan for plan in plans if plan.logical in used]


def _topics_of(topics: AgentTopics) -> tuple[str, ...]:
    return topics.source, topics.changelog, *topics.outputs
