"""Topics that change under a running worker: deleted, made anew, or given more partitions. Then keys and checkpoints
are not where they were, and the worker ends."""

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from pipeline.kafka.topic_plan import TopicPlan

_ANSWER = 10.0


class TopicWatch:
    """properties: of the client. plans: of the topics to look at, those that one agent reads and writes."""

    def __init__(self, properties: Mapping[str, Any], plans: Sequence[TopicPlan]) -> None:
        self._client = AdminClient(dict(properties))
        self._plans = plans
        self._ids: dict[str, str] = {}

    def trouble(self) -> str:
        """What changed, as a sentence; empty if nothing did, or nobody answers just now. Blocks for seconds."""
        found = self._client.describe_topics(
            TopicCollection([plan.name for plan in self._plans]), request_timeout=_ANSWER
        )
        for plan in self._plans:
            try:
                told = found[plan.name].result(_ANSWER + 1)
            except KafkaException as error:
                if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                    return f"Topic {plan.name} was deleted under the running worker; see docs/operations.md."
                continue
            except TimeoutError:
                continue
            sentence = self._compare(plan, str(told.topic_id), len(told.partitions))
            if sentence:
                return sentence
        return ""

    def _compare(self, plan: TopicPlan, identity: str, partitions: int) -> str:
        if self._ids.setdefault(plan.name, identity) != identity:
            return f"Topic {plan.name} was deleted and made anew under the running worker; see docs/operations.md."
        if plan.co_partitioned and partitions != plan.partitions:
            return (
                f"Topic {plan.name} has {partitions} partitions now, topology.yaml says {plan.partitions}: keys have "
                "moved; see docs/operations.md."
            )
        return ""
