"""Topics on the brokers: made where missing, and compared with what they should be."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import msgspec
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic  # type: ignore[attr-defined]

from pipeline.kafka.client import Properties
from pipeline.kafka.refusal import Refusal
from pipeline.kafka.topic_plan import TopicPlan

_ANSWER = 15.0
_DENIED = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED})
_PASSING = frozenset(
    {
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.NOT_CONTROLLER,
        KafkaError.LEADER_NOT_AVAILABLE,
    }
)

T = TypeVar("T")


class BrokersAway(Exception):
    """No broker answers; the message says what to do."""


class AdminError(Exception):
    """The brokers refuse; the message says what."""


class Unanswered(AdminError):
    """The brokers do not answer just now, as while they choose a controller: worth another try."""


class Finding(msgspec.Struct, frozen=True):
    """What is true of one topic. partitions: there now, 0 = the topic is missing. created, altered: done just now.

    mistakes: what makes results wrong; warnings: what does not. Both as sentences.
    """

    plan: TopicPlan
    partitions: int
    created: bool = False
    altered: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class _Seen(msgspec.Struct, frozen=True):
    """partitions: 0 = not there. operations: that we are allowed, None if the brokers don't tell. hidden: we may not
    even know whether it is there."""

    partitions: int = 0
    operations: frozenset[str] | None = None
    hidden: bool = False


class TopicAdmin:
    """properties: of the client, as Client.librdkafka gives them."""

    def __init__(self, properties: Properties) -> None:
        self._refusal = Refusal(properties.masked)
        self._brokers = properties["bootstrap.servers"]
        try:
            told: dict[str, Any] = {**properties, "error_cb": self._refusal.take}
            self._client = AdminClient(told)
        except KafkaException as error:
            told_us = properties.masked(error.args[0].str())
            raise AdminError(f"The client properties AFTERCLICK_KAFKA_* can't be used: {told_us}") from None

    def wait_for_brokers(self, patience: float, told: Callable[[], None] = lambda: None) -> None:
        """Until a broker answers. patience: s. told: called once, when the first try failed. Raises BrokersAway."""
        deadline = time.monotonic() + patience
        complained, wait = False, 1.0
        while True:
            try:
                self._client.list_topics(timeout=wait)
                return
            except KafkaException as error:
                self._refusal.take(error.args[0])
                # Errors of connections come by the callback, and only when asked for.
                self._client.poll(0)
                over = time.monotonic() >= deadline
                wait = min(2 * wait, 5.0)
                if self._refusal.lasting or over:
                    raise BrokersAway(self._refusal.sentence(self._brokers)) from None
            if not complained:
                complained = True
                told()

    def verify(self, plans: Sequence[TopicPlan], needed: Mapping[str, frozenset[str]] | None = None) -> list[Finding]:
        """Compare, change nothing. needed: operations that we must be allowed, by topic. Raises AdminError."""
        seen, settings = self._look_at(plans), {}
        there = [plan for plan in plans if seen[plan.name].partitions]
        if there:
            settings = self._settings(there)
        return [
            _compare(plan, seen[plan.name], settings.get(plan.name), (needed or {}).get(plan.name, frozenset()))
            for plan in plans
        ]

    def _look_at(self, plans: Sequence[TopicPlan]) -> dict[str, "_Seen"]:
        names = TopicCollection([plan.name for plan in plans])
        seen = {}
        for name, future in self._client.describe_topics(
            names, include_authorized_operations=True, request_timeout=_ANSWER
        ).items():
            try:
                topic = future.result(_ANSWER)
                allowed = topic.authorized_operations
                operations = None if allowed is None else frozenset(each.name for each in allowed)
                seen[name] = _Seen(len(topic.partitions), operations)
            except KafkaException as error:
                problem = error.args[0]
                if problem.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                    seen[name] = _Seen(hidden=True)
                elif problem.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                    seen[name] = _Seen()
                else:
                    raise _refused(f"look at topic {name}", problem) from error
        return seen

    def create(self, plans: Sequence[TopicPlan]) -> list[Finding]:
        """Make missing topics and mend the settings that bind, then compare. Partition counts are left as they are:
        changing one moves keys. Raises AdminError."""
        there = self._look_at(plans)
        missing = [plan for plan in plans if not there[plan.name].partitions]
        created = set(self._make(missing)) if missing else set()
        altered = self._mend([plan for plan in plans if there[plan.name].partitions])
        self._await_visible(created)
        return [
            msgspec.structs.replace(
                finding, created=finding.plan.name in created, altered=altered.get(finding.plan.name, ())
            )
            for finding in self.verify(plans)
        ]

    def _partitions(self) -> dict[str, int]:
        try:
            topics = self._client.list_topics(timeout=_ANSWER).topics
        except KafkaException as error:
            raise AdminError(f"The brokers' topics can't be listed: {error.args[0].str()}") from error
        return {name: len(each.partitions) for name, each in topics.items() if each.error is None}

    def _make(self, plans: Sequence[TopicPlan]) -> list[str]:
        topics = [NewTopic(plan.name, plan.partitions, plan.replication, config=dict(plan.settings)) for plan in plans]
        made = []
        for name, future in self._client.create_topics(topics, operation_timeout=_ANSWER).items():
            try:
                future.result(_ANSWER)
                made.append(name)
            except KafkaException as error:
                problem = error.args[0]
                if problem.code() == KafkaError.TOPIC_ALREADY_EXISTS:
                    continue
                raise _refused(f"make topic {name}", problem) from error
        return made

    def _await_visible(self, names: set[str]) -> None:
        """A topic just made is not in every broker's metadata at once."""
        deadline = time.monotonic() + _ANSWER
        while names - self._partitions().keys() and time.monotonic() < deadline:
            time.sleep(0.1)

    def _mend(self, plans: Sequence[TopicPlan]) -> dict[str, tuple[str, ...]]:
        settings = self._settings(plans) if plans else {}
        altered = {}
        for plan in plans:
            actual = settings.get(plan.name)
            wrong = [name for name in sorted(plan.binding) if actual and actual.get(name) != plan.settings[name]]
            if not wrong:
                continue
            entries = [
                ConfigEntry(name, plan.settings[name], incremental_operation=AlterConfigOpType.SET) for name in wrong
            ]
            resource = ConfigResource(ConfigResource.Type.TOPIC, plan.name, incremental_configs=entries)
            _result(self._client.incremental_alter_configs([resource])[resource], f"alter topic {plan.name}")
            altered[plan.name] = tuple(wrong)
        return altered

    def _settings(self, plans: Sequence[TopicPlan]) -> dict[str, dict[str, str]]:
        """Settings by topic; a topic whose settings we may not see is left out."""
        resources = [ConfigResource(ConfigResource.Type.TOPIC, plan.name) for plan in plans]
        found = {}
        for resource, future in self._client.describe_configs(resources, request_timeout=_ANSWER).items():
            try:
                entries = future.result(_ANSWER)
            except KafkaException as error:
                problem = error.args[0]
                if problem.code() in _DENIED:
                    continue
                raise _refused(f"read the settings of topic {resource.name}", problem) from error
            found[resource.name] = {name: entry.value for name, entry in entries.items()}
        return found


def _compare(plan: TopicPlan, seen: "_Seen", settings: Mapping[str, str] | None, needed: frozenset[str]) -> Finding:
    mistakes, warnings = [], []
    partitions = seen.partitions
    lacking = needed - seen.operations if seen.operations else frozenset()
    if lacking:
        denied = " and ".join(sorted(lacking))
        mistakes.append(f"this user may not {denied} topic {plan.name}: see docs/security.md for what it needs")
    if seen.hidden:
        mistakes.append(
            f"this user may not see topic {plan.name}, or it is missing: see docs/security.md for what it needs"
        )
    elif not partitions:
        mistakes.append(f"topic {plan.name} is missing: run `afterclick topics`")
    elif partitions != plan.partitions:
        told = f"topic {plan.name} has {partitions} partitions, topology.yaml says {plan.partitions}"
        if plan.co_partitioned:
            mistakes.append(f"{told}: set kafka.partitions to {partitions}, or name another topic under `topics`")
        else:
            warnings.append(f"{told}; consumers can't join it with the others by key")
    if partitions and settings is None:
        warnings.append(f"the settings of topic {plan.name} can't be checked: we may not read them")
    for name, wanted in plan.settings.items():
        actual = (settings or {}).get(name)
        if actual is None or actual == wanted:
            continue
        if name in plan.binding:
            mistakes.append(f"topic {plan.name} has {name}={actual}, it should be {wanted}: run `afterclick topics`")
        elif name == "max.message.bytes" and int(actual) < int(wanted):
            warnings.append(
                f"topic {plan.name} has {name}={actual}, we would have made it {wanted}: a shopper whose record grows "
                "beyond it stops the partition"
            )
        elif name == "cleanup.policy":
            warnings.append(f"topic {plan.name} has {name}={actual}, we would have made it {wanted}")
    return Finding(plan, partitions, mistakes=tuple(mistakes), warnings=tuple(warnings))


def _result(future: "Future[T]", what: str) -> T:
    try:
        return future.result(_ANSWER)
    except KafkaException as error:
        raise _refused(what, error.args[0]) from error


def _refused(what: str, problem: KafkaError) -> AdminError:
    if problem.code() in _PASSING:
        return Unanswered(f"Could not {what}: {problem.str()}")
    if problem.code() in _DENIED:
        return AdminError(f"The brokers do not let us {what}: this user lacks the permission; see docs/security.md.")
    if problem.code() == KafkaError.INVALID_REPLICATION_FACTOR:
        return AdminError(
            f"Could not {what}: there are fewer brokers than kafka.replication in topology.yaml asks for."
        )
    return AdminError(f"Could not {what}: {problem.str()}")
