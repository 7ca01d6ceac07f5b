"""What librdkafka says of a connection, turned into what to do."""

import pytest
from confluent_kafka import KafkaError

from pipeline.kafka.client import Properties
from pipeline.kafka.refusal import Refusal

HANGS_UP = KafkaError(
    KafkaError._TRANSPORT,
    "a:1/bootstrap: Disconnected while requesting ApiVersion: might be caused by incorrect security.protocol "
    "configuration (connecting to a SSL listener?) (after 10ms in state APIVERSION_QUERY)",
)
ALERT = KafkaError(KafkaError._TRANSPORT, "ssl://a:1/1: Receive failed: SSL routines::ssl/tls alert bad certificate")
DOWN = KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down")
LOGIN = KafkaError(KafkaError._AUTHENTICATION, "SASL authentication error: hunter2 is wrong (after 3ms in state AUTH)")
TOKEN = "Failed to acquire SASL OAUTHBEARER token: "
UNTRUSTED = KafkaError(KafkaError._AUTHENTICATION, f"{TOKEN}SSL certificate verify result: unable (20)")
AWAY = KafkaError(KafkaError._AUTHENTICATION, f"{TOKEN}Failed to connect to login port 443 after 0 ms")


def refusal(*errors: KafkaError) -> Refusal:
    found = Refusal(Properties({"sasl.password": "hunter2"}).masked)
    for error in errors:
        found.take(error)
    return found


@pytest.mark.parametrize(
    ("errors", "lasting", "said"),
    [
        ((DOWN,), False, "No broker answers at a:1; start Kafka"),
        ((DOWN, HANGS_UP), False, "The brokers at a:1 hang up on us; check AFTERCLICK_KAFKA_SECURITY_PROTOCOL"),
        ((HANGS_UP, ALERT), True, "check AFTERCLICK_KAFKA_SSL_CA_LOCATION and our certificate"),
        ((KafkaError(KafkaError._SSL, "certificate verify failed"),), True, "certificate verify failed"),
        ((UNTRUSTED, DOWN), True, "and AFTERCLICK_KAFKA_HTTPS_CA_LOCATION: SSL certificate verify"),
        ((AWAY, DOWN), False, "No token comes from AFTERCLICK_KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL; check"),
        ((ALERT, LOGIN, DOWN), True, "refuse our login; check AFTERCLICK_KAFKA_SASL_*: SASL authentication error: ***"),
    ],
)
def test_the_error_that_says_most_is_told(errors: tuple[KafkaError, ...], lasting: bool, said: str) -> None:
    found = refusal(*errors)
    assert found.lasting is lasting
    assert said in found.sentence("a:1")
    assert "hunter2" not in found.sentence("a:1")
    assert "(after" not in found.sentence("a:1")
