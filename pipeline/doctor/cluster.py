"""The brokers: whether they answer and let us in, the topics, the clocks. Nothing is written."""

from collections.abc import Callable, Iterator, Sequence

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from pipeline.access import agent_grants_of
from pipeline.config.settings import Settings
from pipeline.config.topology import Topology
from pipeline.doctor.finding import Finding, failed, fine, skipped, warned
from pipeline.domain.value.instant import format_instant
from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
from pipeline.kafka.admin import Finding as TopicFinding
from pipeline.kafka.client import Client, ClientError, Properties
from pipeline.kafka.grant import needed_on_topics
from pipeline.kafka.topic_plan import TopicPlan
from pipeline.topics import AGENT_TOPICS, plans_of

PATIENCE = 10.0
"""Seconds that brokers may take to answer."""

SKEW = 2_000
"""ms that a broker's clock may be ahead of ours before it is told."""

_ANSWER = 10.0
_OF_BROKERS = ("topics", "clock")


def brokers(topology: Topology, settings: Settings, now: Callable[[], int]) -> Iterator[Finding]:
    """now: ms since 1970, by this machine."""
    try:
        properties = Client(settings.brokers, settings.kafka).librdkafka(topology.name)
        admin = TopicAdmin(properties)
        admin.wait_for_brokers(PATIENCE)
        nodes = _nodes(properties)
    except (BrokersAway, AdminError, ClientError, KafkaException) as error:
        yield failed("brokers", error)
        yield from (skipped(of, "not looked at, as no broker lets us in.") for of in _OF_BROKERS)
        return
    yield cluster(nodes, topology.kafka.replication, settings.brokers)
    plans = plans_of(topology)
    grants = [grant for agent in AGENT_TOPICS for grant in agent_grants_of(topology, agent)]
    try:
        found = admin.verify(plans, needed_on_topics(grants))
        yield from topics(found)
        yield clock(_latest_append(properties, [each.plan for each in found if each.partitions]), now())
    except (AdminError, KafkaException, TimeoutError) as error:
        yield failed("topics", str(error) or "The brokers do not tell of their topics in time.")


def cluster(nodes: int, replication: int, address: str) -> Finding:
    """nodes: brokers that are there."""
    told = f"{nodes} broker{'s' * (nodes != 1)} at {address}, and they let us in"
    if nodes >= replication:
        return fine("brokers", f"{told}.")
    return failed("brokers", f"{told}; kafka.replication asks for {replication}.", "Start more, or set it lower.")


def topics(found: Sequence[TopicFinding]) -> Iterator[Finding]:
    """A line for each topic that is not as it should be, else one for all."""
    for each in found:
        for mistake in each.mistakes:
            yield failed("topics", f"{_capital(mistake)}.")
        for warning in each.warnings:
            yield warned("topics", f"{_capital(warning)}.")
    if not any(each.mistakes or each.warnings for each in found):
        yield fine("topics", f"all {len(found)} are there, as they should be, and we may use them.")


def clock(latest: int | None, now: int) -> Finding:
    """latest: append time of the latest record by the brokers' clocks, None: there is none yet. Records lie in the
    past, so one of the future says how much our clock, or theirs, is wrong."""
    if latest is None:
        return skipped("clock", "no record with the brokers' time yet.")
    ahead = latest - now
    if ahead <= SKEW:
        return fine("clock", f"no record is of the future; the latest is of {format_instant(latest)}.")
    return failed(
        "clock",
        f"the brokers' clock is {ahead / 1000:.0f} s ahead of this machine's.",
        "Have both follow a time server (NTP): exits and reminders come when the brokers' clock says.",
    )


def _nodes(properties: Properties) -> int:
    return len(AdminClient(dict(properties)).list_topics(timeout=_ANSWER).brokers)


def _latest_append(properties: Properties, plans: Sequence[TopicPlan]) -> int | None:
    stamped = [plan for plan in plans if plan.settings.get("message.timestamp.type") == "LogAppendTime"]
    newest = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]
    asked = {TopicPartition(plan.name, n): newest for plan in stamped for n in range(plan.partitions)}
    if not asked:
        return None
    # By name: a client that nobody holds any more answers nothing.
    client = AdminClient(dict(properties))
    answers = client.list_offsets(asked, request_timeout=_ANSWER).values()
    return max((stamp for each in answers if (stamp := each.result(_ANSWER).timestamp) > 0), default=None)


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
