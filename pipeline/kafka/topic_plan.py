"""Which topics a topology needs, and what of them matters."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from pipeline.domain.decision import ERASURES
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


class Keeping(msgspec.Struct, frozen=True):
    """How long what is on the topics is kept, ms. receipts: of ERASURES. uncompacted: the longest that the changelog of
    shoppers may keep what was superseded, None: as long as the brokers like."""

    clickstream: int = 7 * _DAY
    shopper_events: int = 7 * _DAY
    decisions: int = 30 * _DAY
    dead_letters: int = 90 * _DAY
    receipts: int = 3650 * _DAY
    uncompacted: int | None = None


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


_KEEPING = Keeping()


def topic_plans(
    topic: Mapping[str, str],
    partitions: int,
    replication: int,
    received: str,
    decisions: tuple[str, ...],
    keeping: Keeping = _KEEPING,
) -> list[TopicPlan]:
    """topic: logical -> name of the shop's, for clickstream, shopper-events, clickstream-dlq, backfill, both changelogs
    and `decisions`. received: `time.received`; with `broker` the brokers' append time is what deciding rests on."""
    stamped = {"message.timestamp.type": "LogAppendTime"}
    stamps = stamped if received == "broker" else {}
    # The append time of a changelog is how intake learns what time the brokers have.
    changelog = {"cleanup.policy": "compact", "max.message.bytes": str(RECORD_BYTES), **stamped}
    lag = {} if keeping.uncompacted is None else {"max.compaction.lag.ms": str(keeping.uncompacted)}
    # Of one shopper: as much as its record at most.
    grafts = {**_kept(7 * _DAY), "max.message.bytes": str(RECORD_BYTES)}
    time = frozenset({"message.timestamp.type"}) if received == "broker" else frozenset[str]()

    def plan(logical: str, role: Role, settings: dict[str, str], binding: frozenset[str], together: bool) -> TopicPlan:
        return TopicPlan(logical, topic[logical], role, partitions, replication, settings, binding, together)

    return [
        plan("clickstream", Role.SOURCE, _kept(keeping.clickstream) | stamps, time, True),
        plan(
            "shopper-events",
            Role.INTERNAL,
            _kept(keeping.shopper_events) | stamps,
            frozenset({"cleanup.policy"}),
            True,
        ),
        plan("intake-changelog", Role.CHANGELOG, changelog, frozenset({"cleanup.policy"}), True),
        plan("shopper-changelog", Role.CHANGELOG, changelog | lag, frozenset({"cleanup.policy"}), True),
        plan("backfill", Role.INTERNAL, grafts, frozenset({"cleanup.policy"}), True),
        *(
            plan(
                logical,
                Role.OUTPUT,
                _kept(keeping.receipts if logical == ERASURES else keeping.decisions),
                frozenset(),
                False,
            )
            for logical in decisions
        ),
        plan(
            "clickstream-dlq",
            Role.DEAD_LETTERS,
            _kept(keeping.dead_letters),
            frozenset(),
            False,
        ),
    ]


def _kept(retention: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(retention)}
