"""One set of client properties for all clients."""

import faust
import pytest

from pipeline.kafka.client import Client, ClientError


def test_properties_reach_librdkafka_but_for_those_of_the_group() -> None:
    client = Client(
        "a:1,b:2", {"security.protocol": "PLAINTEXT", "session.timeout.ms": "9000", "socket.nagle.disable": "1"}
    )
    properties = client.librdkafka("shop.intake")
    assert properties["bootstrap.servers"] == "a:1,b:2"
    assert properties["socket.nagle.disable"] == "1"
    assert "session.timeout.ms" not in properties
    assert client.seconds("session.timeout.ms", 15) == 9
    assert client.faust_broker("afterclick") == "afterclick://a:1;afterclick://b:2"


def test_scram_over_tls_is_told_to_faust_too() -> None:
    client = Client(
        "a:1",
        {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "me",
            "sasl.password": "secret",
        },
    )
    credentials = client.faust_credentials()
    assert isinstance(credentials, faust.SASLCredentials)
    assert (credentials.username, credentials.mechanism.value) == ("me", "SCRAM-SHA-512")
    assert credentials.ssl_context is not None


def test_without_security_there_are_no_credentials() -> None:
    assert Client("a:1", {}).faust_credentials() is None


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"security.protocol": "TLS"}, "AFTERCLICK_KAFKA_SECURITY_PROTOCOL"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "GSSAPI"}, "AFTERCLICK_KAFKA_SASL_MECHANISM"),
    ],
)
def test_what_can_not_be_used_is_named(properties: dict[str, str], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        Client("a:1", properties)


def test_a_missing_certificate_is_named() -> None:
    client = Client("a:1", {"security.protocol": "SSL", "ssl.ca.location": "/nowhere.pem"})
    with pytest.raises(ClientError, match="AFTERCLICK_KAFKA_SSL_CA_LOCATION"):
        client.faust_credentials()


def test_a_timeout_that_is_no_number_is_named() -> None:
    with pytest.raises(ClientError, match="AFTERCLICK_KAFKA_SESSION_TIMEOUT_MS"):
        Client("a:1", {"session.timeout.ms": "soon"}).seconds("session.timeout.ms", 15)
