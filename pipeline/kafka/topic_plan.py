"""Which topics a topology needs, and what of them matters."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from pipeline.kafka.outbox import RECORD_BYTES

_DAY = 24 * 3600 * 1000


class Role(StrEnum):
    """source: of events, often the team's own topic. internal: written and read by us. changelog: state of an agent.

    output: for the team's sinks. dead letters: for the team to look at.
    """

    SOURCE = "source"
    INTERNAL = "internal"
    CHANGELOG = "changelog"
    OUTPUT = "output"
    DEAD_LETTERS = "dead letters"


class TopicPlan(msgspec.Struct, frozen=True):
    """A topic as it should be. settings: of the topic, given when it is made. binding: names of those settings without
    which results are wrong, so that a worker refuses to start. co_partitioned: the partition count binds too."""

    logical: str
    name: str
    role: Role
    partitions: int
    replication: int
    settings: Mapping[str, str]
    binding: frozenset[str] = frozenset()
    co_partitioned: bool = False


def topic_plans(
    topic: Mapping[str, str], partitions: int, replication: int, received: str, decisions: tuple[str, ...]
) -> list[TopicPlan]:
    """topic: logical -> name of the shop's, for clickstream, shopper-events, clickstream-dlq, backfill, both changelogs
    and `decisions`. received: `time.received`; with `broker` the brokers' append time is what deciding rests on."""
    stamped = {"message.timestamp.type": "LogAppendTime"}
    events = {"cleanup.policy": "delete", "retention.ms": str(7 * _DAY), **(stamped if received == "broker" else {})}
    # The append time of a changelog is how intake learns what time the brokers have.
    changelog = {"cleanup.policy": "compact", "max.message.bytes": str(RECORD_BYTES), **stamped}
    # Of one shopper: as much as its record at most.
    grafts = {"cleanup.policy": "delete", "retention.ms": str(7 * _DAY), "max.message.bytes": str(RECORD_BYTES)}
    time = frozenset({"message.timestamp.type"}) if received == "broker" else frozenset[str]()

    def plan(logical: str, role: Role, settings: dict[str, str], binding: frozenset[str], together: bool) -> TopicPlan:
        return TopicPlan(logical, topic[logical], role, partitions, replication, settings, binding, together)

    return [
        plan("clickstream", Role.SOURCE, events, time, True),
        plan("shopper-events", Role.INTERNAL, events, frozenset({"cleanup.policy"}), True),
        plan("intake-changelog", Role.CHANGELOG, changelog, frozenset({"cleanup.policy"}), True),
        plan("shopper-changelog", Role.CHANGELOG, changelog, frozenset({"cleanup.policy"}), True),
        plan("backfill", Role.INTERNAL, grafts, frozenset({"cleanup.policy"}), True),
        *(
            plan(logical, Role.OUTPUT, {"cleanup.policy": "delete", "retention.ms": str(30 * _DAY)}, frozenset(), False)
            for logical in decisions
        ),
        plan(
            "clickstream-dlq",
            Role.DEAD_LETTERS,
            {"cleanup.policy": "delete", "retention.ms": str(90 * _DAY)},
            frozenset(),
            False,
        ),
    ]
