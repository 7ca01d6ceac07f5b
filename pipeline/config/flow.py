"""Where it flows: Kafka's side of the topology, but for addresses and credentials, which are the environment's."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from pipeline.config.entry import Entry
from pipeline.config.problem import Place, nearest

CLICKSTREAM = "clickstream"
SHOPPER_EVENTS = "shopper-events"
DEAD_LETTERS = "clickstream-dlq"
DECISIONS = (
    "segment-changes",
    "abandonment-triggers",
    "loyalty-tiers",
    "loyalty-points",
    "journey-changes",
    "trait-changes",
    "consent-changes",
)
REWARD_TOPICS = ("redemption-rejected", "reward-available")
MESSAGE_TOPICS = ("messages", "message-suppressions", "message-results", "experiment-exposures")
IDENTITY_CHANGES = "identity-changes"
ERASURES = "erasures"
SEGMENT_CALLS = "segment-calls"
CHANGELOGS = ("intake-changelog", "shopper-changelog")
BACKFILL = "backfill"
LOGICAL_TOPICS = (
    CLICKSTREAM,
    SHOPPER_EVENTS,
    DEAD_LETTERS,
    *DECISIONS,
    *REWARD_TOPICS,
    *MESSAGE_TOPICS,
    IDENTITY_CHANGES,
    ERASURES,
    SEGMENT_CALLS,
    *CHANGELOGS,
    BACKFILL,
)
_OF_NAME = (*CHANGELOGS, BACKFILL)

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


class Kafka(Entry):
    """How topics are made, and what their values look like."""

    partitions: int = Field(
        default=8, strict=True, ge=1, le=10_000, description="Of every topic; all are co-partitioned.", examples=[8]
    )
    replication: int = Field(default=3, strict=True, ge=1, le=100, description="Replicas of a partition.", examples=[3])
    format: Literal["json", "avro"] = Field(default="json", description="Of the values in the output topics.")


def physical(logical: str, name: str, topics: Mapping[str, str]) -> str:
    """The name of a logical topic on the brokers. name: of the topology, prefix of what is its own unless renamed."""
    return topics.get(logical) or (f"{name}.{logical}" if logical in _OF_NAME else logical)


def topic_mistakes(name: str, topics: Mapping[str, str]) -> Iterator[tuple[Place, str, str | None]]:
    """What is wrong with the renamed topics, as (place, what to do, nearest known name)."""
    for logical, given in topics.items():
        if logical not in LOGICAL_TOPICS:
            yield ("topics", logical), "unknown topic", nearest(logical, LOGICAL_TOPICS)
        elif not _TOPIC.fullmatch(given) or given in (".", ".."):
            yield ("topics", logical), f"{given!r} is no topic name of Kafka: letters, digits, . _ -, at most 249", None
    used: dict[str, str] = {}
    for logical in LOGICAL_TOPICS:
        topic = physical(logical, name, topics)
        if topic in used:
            at = logical if logical in topics else used[topic]
            yield ("topics", at), f"{topic} would be both {used[topic]} and {logical}, each needs its own topic", None
        used.setdefault(topic, logical)
