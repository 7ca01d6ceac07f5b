"""What the topology declares, as names and meanings. Nothing of its settings: it may hold secrets."""

from typing import Any

from pipeline import __version__
from pipeline.config.topology import Topology
from pipeline.domain.definition import Plan
from pipeline.kafka.topic_plan import TopicPlan
from pipeline.topics import AGENT_TOPICS, outputs_of, plans_of


def topology_data(topology: Topology, plan: Plan) -> dict[str, Any]:
    return {
        "name": topology.name,
        "version": __version__,
        "definition": plan.digest,
        "currency": plan.currency,
        "timezone": plan.timezone,
        "partitions": topology.kafka.partitions,
        "format": topology.kafka.format,
        "topics": [_topic(one) for one in plans_of(topology)],
        "agents": {
            name: {"reads": topics.source, "changelog": topics.changelog, "writes": list(outputs_of(topology, name))}
            for name, topics in AGENT_TOPICS.items()
        },
        "segments": [{"name": one.name, "title": one.title, "definition": one.identity} for one in plan.segments],
        "programmes": [
            {"name": one.name, "definition": one.identity, "tiers": [level.name for level in one.levels]}
            for one in plan.programmes
        ],
        "abandonments": sorted(topology.abandonment),
        "traits": sorted(topology.traits),
        "messages": sorted(topology.messaging.messages) if topology.messaging is not None else [],
    }


def _topic(plan: TopicPlan) -> dict[str, Any]:
    return {"logical": plan.logical, "topic": plan.name, "partitions": plan.partitions}
