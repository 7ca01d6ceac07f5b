"""The same security for Faust's consumer: TLS, SASL with a password, SASL with tokens."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import faust
import pytest

from pipeline.kafka.client import Client, ClientError
from pipeline.kafka.credentials import faust_credentials, tls_context
from pipeline.kafka.oauth_token import TokenProvider
from tests.support.certificates import PASSWORD, Authority, Certificate
from tests.support.token_endpoint import TokenEndpoint
from tests.unit.kafka.test_client import OAUTH, SCRAM


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def mine(authority: Authority) -> Certificate:
    return authority.sign("me", encrypted=True)


def test_without_security_there_are_none() -> None:
    assert faust_credentials(Client("a:1", {})) is None


def test_scram_over_tls() -> None:
    credentials = faust_credentials(Client("a:1", SCRAM))
    assert isinstance(credentials, faust.SASLCredentials)
    assert (credentials.username, credentials.password) == ("me", "hunter2")
    assert (credentials.protocol.value, credentials.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")
    assert credentials.ssl_context is not None
    assert "hunter2" not in repr(credentials)


def test_plain_without_tls() -> None:
    properties = {"security.protocol": "SASL_PLAINTEXT", "sasl.username": "me", "sasl.password": "hunter2"}
    credentials = faust_credentials(Client("a:1", properties))
    assert isinstance(credentials, faust.SASLCredentials)
    assert (credentials.protocol.value, credentials.mechanism.value) == ("SASL_PLAINTEXT", "PLAIN")
    assert credentials.ssl_context is None


def test_tokens_over_tls() -> None:
    credentials = faust_credentials(Client("a:1", OAUTH))
    assert isinstance(credentials, faust.OAuthCredentials)
    assert credentials.protocol.value == "SASL_SSL"
    assert isinstance(credentials.oauth_cb, TokenProvider)
    assert "hunter2" not in repr(credentials) + repr(credentials.oauth_cb)


def test_mutual_tls_by_files_or_by_text(authority: Authority, mine: Certificate) -> None:
    files = {
        "ssl.ca.location": str(authority.certificate),
        "ssl.certificate.location": str(mine.certificate),
        "ssl.key.location": str(mine.key),
    }
    text = {
        "ssl.ca.pem": authority.certificate.read_text(),
        "ssl.certificate.pem": mine.certificate.read_text(),
        "ssl.key.pem": mine.key.read_text(),
    }
    for given in (files, text):
        client = Client("a:1", {"security.protocol": "SSL", "ssl.key.password": PASSWORD, **given})
        credentials = faust_credentials(client)
        assert isinstance(credentials, faust.SSLCredentials)
        context = credentials.context
        assert [issuer["subject"] for issuer in context.get_ca_certs()] == [((("commonName", "authority"),),)]
        assert context.check_hostname
        assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("password", [None, "wrong-hunter2"])
def test_a_key_that_does_not_open_is_told_and_nobody_is_asked(mine: Certificate, password: str | None) -> None:
    properties = {"ssl.certificate.location": str(mine.certificate), "ssl.key.location": str(mine.key)}
    if password:
        properties["ssl.key.password"] = password
    with pytest.raises(ClientError, match="AFTERCLICK_KAFKA_SSL_KEY_PASSWORD can't be used together") as caught:
        tls_context(Client("a:1", {"security.protocol": "SSL", **properties}))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ssl.ca.location", "/nowhere.pem"), ("ssl.ca.pem", "hunter2"), ("ssl.cipher.suites", "hunter2")],
)
def test_what_tls_can_not_use_is_named(name: str, value: str) -> None:
    with pytest.raises(ClientError, match=f"AFTERCLICK_KAFKA_{name.upper().replace('.', '_')} can't be") as caught:
        tls_context(Client("a:1", {"security.protocol": "SSL", name: value}))
    assert "hunter2" not in str(caught.value)


def test_the_brokers_names_are_not_looked_at_only_if_told_so() -> None:
    properties = {"security.protocol": "SSL", "ssl.endpoint.identification.algorithm": "none"}
    context = tls_context(Client("a:1", properties))
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_REQUIRED)
    properties = {"security.protocol": "SSL", "enable.ssl.certificate.verification": "false"}
    assert tls_context(Client("a:1", properties)).verify_mode is ssl.CERT_NONE


@pytest.fixture
def endpoint(authority: Authority) -> Iterator[TokenEndpoint]:
    with TokenEndpoint({"me": "hunter2"}, authority.sign("login")) as endpoint:
        yield endpoint


def provider(url: str, trusted: Authority, **more: str) -> TokenProvider:
    """As Faust's consumer has it. more: properties, with `_` for `.`."""
    given = {"https.ca.location": str(trusted.certificate), **{name.replace("_", "."): more[name] for name in more}}
    credentials = faust_credentials(Client("a:1", OAUTH | {"sasl.oauthbearer.token.endpoint.url": url} | given))
    assert isinstance(credentials, faust.OAuthCredentials)
    found: TokenProvider = credentials.oauth_cb
    return found


def test_one_token_serves_all_connections_of_its_time(endpoint: TokenEndpoint, authority: Authority) -> None:
    kept = provider(endpoint.url, authority, sasl_oauthbearer_scope="kafka")
    first = asyncio.run(kept.token())
    assert [asyncio.run(kept.token()) for _ in range(3)] == [first] * 3
    assert endpoint.asked == ["grant_type=client_credentials&scope=kafka"]
    # when its time is almost over
    kept._good_until = 0
    assert asyncio.run(kept.token()) != first
    assert len(endpoint.asked) == 2


def test_who_signed_the_endpoints_certificate_may_be_given_as_text(
    endpoint: TokenEndpoint, authority: Authority
) -> None:
    text = authority.certificate.read_text()
    assert asyncio.run(provider(endpoint.url, authority, https_ca_location="", https_ca_pem=text).token())


def test_no_token_is_told_without_the_secret(
    endpoint: TokenEndpoint, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for asking, reason in (
        (provider(endpoint.url, authority, sasl_oauthbearer_client_secret="wrong-hunter2"), "invalid_client"),
        (provider("https://127.0.0.1:1/token", authority), "ConnectError"),
        (provider(endpoint.url, Authority(tmp_path, "another")), "unable to get .* check AFTERCLICK_KAFKA_HTTPS_CA_"),
    ):
        with pytest.raises(ClientError, match=f"OAUTHBEARER_TOKEN_ENDPOINT_URL: {reason}") as told:
            asyncio.run(asking.token())
        assert "hunter2" not in str(told.value) + caplog.text
