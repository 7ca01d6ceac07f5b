"""One set of client properties for all clients: what librdkafka is told, and what is refused."""

from pathlib import Path

import pytest

from pipeline.kafka.client import Client, ClientError
from pipeline.kafka.partition_owner import Wiring

SCRAM = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "me",
    "sasl.password": "hunter2",
}
OAUTH = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "OAUTHBEARER",
    "sasl.oauthbearer.token.endpoint.url": "https://login/token",
    "sasl.oauthbearer.client.id": "me",
    "sasl.oauthbearer.client.secret": "hunter2",
}


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


def test_both_libraries_get_the_same_mechanism_whatever_their_defaults_are() -> None:
    login = {"sasl.username": "me", "sasl.password": "hunter2"}
    properties = Client("a:1", {"security.protocol": "sasl_plaintext", **login}).librdkafka("x")
    assert properties["sasl.mechanism"] == "PLAIN"
    older_name = {"security.protocol": "SASL_SSL", "sasl.mechanisms": "scram-sha-256"}
    properties = Client("a:1", older_name | login).librdkafka("x")
    assert properties["sasl.mechanism"] == "SCRAM-SHA-256"
    assert "sasl.mechanisms" not in properties


def test_librdkafka_fetches_its_tokens_itself() -> None:
    properties = Client("a:1", OAUTH).librdkafka("x")
    assert properties["sasl.oauthbearer.method"] == "oidc"
    assert properties["sasl.oauthbearer.client.secret"] == "hunter2"


@pytest.mark.parametrize("properties", [SCRAM, OAUTH], ids=["scram", "oauth"])
def test_no_secret_is_shown(properties: dict[str, str]) -> None:
    client = Client("a:1", properties)
    made = client.librdkafka("x", group_id="shop")
    assert made["group.id"] == "shop"
    wiring = Wiring("in", "changes", {}, "shop", producer=made, consumer=made)
    shown = f"{client!r} {client} {made!r} {made} {[made]} {wiring}"
    assert "hunter2" not in shown
    assert "security.protocol" in repr(made)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"security.protocol": "TLS"}, "AFTERCLICK_KAFKA_SECURITY_PROTOCOL is 'TLS'; Kafka has PLAINTEXT, SSL"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "GSSAPI"}, "AFTERCLICK_KAFKA_SASL_MECHANISM is 'GSSAPI'"),
        (SCRAM | {"sasl.password": ""}, "SASL SCRAM-SHA-512 needs AFTERCLICK_KAFKA_SASL_PASSWORD"),
        (SCRAM | {"security.protocol": "SSL"}, "is set, but AFTERCLICK_KAFKA_SECURITY_PROTOCOL is SSL"),
        ({"sasl.username": "me"}, "AFTERCLICK_KAFKA_SECURITY_PROTOCOL is PLAINTEXT, which does not use it"),
        ({"ssl.ca.location": "ca.pem"}, "AFTERCLICK_KAFKA_SECURITY_PROTOCOL is PLAINTEXT, which does not use it"),
        (
            SCRAM | {"sasl.passwrd": "hunter2"},
            "SASL_PASSWRD is not supported (did you mean AFTERCLICK_KAFKA_SASL_PASSWORD?)",
        ),
        (
            {"security.protocol": "SSL", "ssl.keystore.location": "k.p12"},
            "AFTERCLICK_KAFKA_SSL_KEYSTORE_LOCATION is not supported",
        ),
        (
            {"security.protocol": "SSL", "ssl.certificate.location": "c.pem"},
            "AFTERCLICK_KAFKA_SSL_CERTIFICATE_LOCATION and AFTERCLICK_KAFKA_SSL_KEY_LOCATION go together",
        ),
        (
            {name: value for name, value in OAUTH.items() if "secret" not in name},
            "OAUTHBEARER needs AFTERCLICK_KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET",
        ),
        (OAUTH | {"sasl.oauthbearer.method": "default"}, "AFTERCLICK_KAFKA_SASL_OAUTHBEARER_METHOD can only be oidc"),
        (OAUTH | {"sasl.oauthbearer.config": "hunter2"}, "AFTERCLICK_KAFKA_SASL_OAUTHBEARER_CONFIG is not supported"),
        (OAUTH | {"https.ca.locaton": "ca.pem"}, "(did you mean AFTERCLICK_KAFKA_HTTPS_CA_LOCATION?)"),
        (SCRAM | {"https.ca.location": "ca.pem"}, "only AFTERCLICK_KAFKA_SASL_MECHANISM OAUTHBEARER uses it"),
    ],
)
def test_what_can_not_be_used_is_named(properties: dict[str, str], said: str) -> None:
    with pytest.raises(ClientError) as caught:
        Client("a:1", properties)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_token_endpoint_is_trusted_as_the_system_does_unless_said_otherwise() -> None:
    assert Path(Client("a:1", OAUTH).librdkafka("x")["https.ca.location"]).is_file()
    given = {"https.ca.pem": "text"}
    assert "https.ca.location" not in Client("a:1", OAUTH | given).librdkafka("x")
    assert "https.ca.location" not in Client("a:1", SCRAM).librdkafka("x")


def test_a_timeout_that_is_no_number_is_named() -> None:
    with pytest.raises(ClientError, match="AFTERCLICK_KAFKA_SESSION_TIMEOUT_MS"):
        Client("a:1", {"session.timeout.ms": "soon"}).seconds("session.timeout.ms", 15)
