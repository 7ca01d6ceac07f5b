"""The producer tells of every request, whether there is a broker or not."""

from threading import Event

from confluent_kafka import KafkaError

from pipeline.kafka.acknowledged_log import AcknowledgedLog
from tests.support.apache_kafka import free_port


def told(brokers: str, topic: str, **properties: str) -> bool:
    log, settled, outcome = (
        AcknowledgedLog({"bootstrap.servers": brokers, "log_level": 0, **properties}, topic),
        Event(),
        [],
    )

    def done(delivered: bool) -> None:
        outcome.append(delivered)
        settled.set()

    log.send([(b"k", b"1", 1_700_000_000_000), (b"", b"2", 1_700_000_000_001)], done)
    assert settled.wait(10)
    log.close(1)
    return outcome == [True]


def test_records_of_a_request_are_acknowledged_together() -> None:
    # librdkafka's stand-in for a cluster.
    assert told("", "t", **{"test.mock.num.brokers": "1"})


def test_without_a_broker_records_are_said_to_be_not_acknowledged() -> None:
    assert not told(f"127.0.0.1:{free_port()}", "t", **{"message.timeout.ms": "300"})


def test_only_a_fatal_error_breaks_it() -> None:
    broken: list[bool] = []
    log = AcknowledgedLog({"test.mock.num.brokers": "1"}, "t", lambda: broken.append(True))
    log.on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert broken == []
    log.on_error(KafkaError(KafkaError._FATAL, "", True))
    log.close(1)
    assert broken == [True]


def test_it_tells_whether_the_topic_is_there() -> None:
    log = AcknowledgedLog({"test.mock.num.brokers": "1", "log_level": 0}, "t")
    assert log.finds_topic(5.0) is False and not log.answers(), "asking does not make it"
    settled = Event()
    log.send([(b"k", b"1", 1_700_000_000_000)], lambda _: settled.set())
    assert settled.wait(10) and log.finds_topic(5.0) is True and log.answers()
    log.close(1)
    nowhere = AcknowledgedLog({"bootstrap.servers": f"127.0.0.1:{free_port()}", "log_level": 0}, "t")
    assert nowhere.finds_topic(0.2) is None
    nowhere.close(1)
