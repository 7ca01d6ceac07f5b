"""Two owners of one partition on a real Apache Kafka, and transactions that nobody finished."""

import uuid
from collections.abc import Callable, Sequence

import msgspec
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.kafka.restore import restore
from pipeline.runtime.checkpoint import changelog
from pipeline.runtime.ports import Checkpoint
from pipeline.state.changelog import Restore
from pipeline.state.memory import MemoryPartition
from tests.support.apache_kafka import ApacheKafka
from tests.support.kafka_reader import decisions, read_committed
from tests.support.live_run import LiveRun
from tests.support.topology_driver import CODEC
from tests.support.worker_process import eventually
from tests.support.zombies import Place, Zombies, message_ids

T = 1_767_434_400_000

pytestmark = pytest.mark.broker


@pytest.fixture
def place(kafka: ApacheKafka) -> Place:
    found = Place(
        {"bootstrap.servers": kafka.brokers, "log_level": 0}, *(f"topic-{uuid.uuid4().hex}" for _ in range(4))
    )
    admin = AdminClient(found.client)
    for made in admin.create_topics([NewTopic(topic, 1, 1) for topic in found[1:]]).values():
        made.result(10)
    probe = Consumer({**found.client, "group.id": "probe"})
    eventually("the topics have leaders", lambda: all(readable(probe, topic) for topic in found[1:]), 20)
    probe.close()
    return found


def readable(probe: Consumer, topic: str) -> bool:
    try:
        probe.get_watermark_offsets(TopicPartition(topic, 0), timeout=5)
    except KafkaException:
        return False
    return True


@pytest.fixture
def said(place: Place, kafka: ApacheKafka) -> Callable[[], Sequence[str]]:
    return lambda: message_ids([seen.value for seen in read_committed(kafka.brokers, [place.decisions])])


class TestApacheKafka(Zombies):
    pass


@pytest.mark.parametrize("end", ["aborted", "left open"])
def test_nothing_is_restored_of_a_transaction_that_was_torn(place: Place, end: str) -> None:
    # given a batch that was committed, and one that its worker had sent all of when it died
    name = uuid.uuid4().hex
    producer = transactional(place, name)
    send_batch(producer, place, b"whole", 5)
    producer.commit_transaction(10)
    send_batch(producer, place, b"torn", 9)
    if end == "aborted":
        producer.abort_transaction(10)
    else:
        # what a dead worker left open is aborted by the fencing of the next one
        transactional(place, name)
    # when the state is restored
    state = MemoryPartition()
    restored = restore({**place.client, "group.id": "shop.shopper"}, place.changes, 0, Restore(state, CODEC))
    # then the torn batch never was
    assert restored.records == 2
    assert [key for key, _ in state.scan()] == [b"whole"]
    assert state.checkpoint().next_offset == 5


def test_nobody_acts_on_an_event_that_intake_took_back(live: LiveRun) -> None:
    # given events of an intake that died before it committed them, and of one that did commit
    producer = transactional(Place({"bootstrap.servers": live.brokers, "log_level": 0}), uuid.uuid4().hex)
    for shopper, committed in (("ghost", False), ("ann", True)):
        producer.begin_transaction()
        for number in range(3):
            event = Event("track", "Product Viewed", shopper, T + number, T + number, f"{shopper}{number}")
            producer.produce("shopper-events", msgspec.json.encode(event), shopper.encode())
        assert producer.flush(10) == 0
        if committed:
            producer.commit_transaction(10)
        else:
            producer.abort_transaction(10)
    # when a worker decides
    live.worker("s", "shopper")
    eventually("somebody is engaged", lambda: bool(decisions(live.brokers)), 40)
    # then of what is committed only
    assert [one["shopper"] for one in decisions(live.brokers)] == ["ann"]
    topic = "shop.shopper-changelog"
    keys = {seen.key for seen in read_committed(live.brokers, [topic])}
    assert (b"ann" in keys, b"ghost" in keys) == (True, False)


def transactional(place: Place, name: str) -> Producer:
    producer = Producer({**place.client, "transactional.id": name})
    producer.init_transactions(20)
    return producer


def send_batch(producer: Producer, place: Place, key: bytes, next_offset: int) -> None:
    producer.begin_transaction()
    value = CODEC.encode(Shopper(now=next_offset))
    for record in changelog(0, [(key, value)], Checkpoint(next_offset=next_offset)):
        producer.produce(place.changes, record.value, record.key, 0)
    assert producer.flush(10) == 0
