"""One set of client properties (AFTERCLICK_BROKERS, AFTERCLICK_KAFKA_*) for every client: Faust's consumer, the
producers, the restoring consumers and the admin client."""

import ssl
from collections.abc import Mapping
from typing import Any

import faust
from faust.types.auth import CredentialsT

_CONSUMER_ONLY = ("session.timeout.ms", "heartbeat.interval.ms", "group.instance.id", "fetch.max.bytes")
_SUPPORTED_SASL = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class ClientError(Exception):
    """Client properties that can't be used; the message says what to do."""


class Client:
    """brokers: `host:port,..`. properties: librdkafka's names and values."""

    def __init__(self, brokers: str, properties: Mapping[str, str]) -> None:
        self.brokers = brokers
        self._properties = dict(properties)
        self._check()

    def librdkafka(self, client_id: str) -> dict[str, Any]:
        """Properties of a confluent client. It logs nothing itself: it would tell of each try to connect."""
        shared = {name: value for name, value in self._properties.items() if name not in _CONSUMER_ONLY}
        return {"bootstrap.servers": self.brokers, "client.id": client_id, "log_level": 0, **shared}

    def faust_broker(self, scheme: str) -> str:
        """The brokers as Faust's `broker` setting."""
        return ";".join(f"{scheme}://{address}" for address in self.brokers.split(","))

    def faust_credentials(self) -> CredentialsT | None:
        """The same security for Faust's own clients. Raises ClientError."""
        protocol = self._properties.get("security.protocol", "PLAINTEXT").upper()
        if protocol == "PLAINTEXT":
            return None
        context = self._ssl_context() if protocol in ("SSL", "SASL_SSL") else None
        if protocol == "SSL":
            return faust.SSLCredentials(context)
        return faust.SASLCredentials(
            username=self._properties.get("sasl.username"),
            password=self._properties.get("sasl.password"),
            mechanism=self._mechanism(),
            ssl_context=context,
        )

    def seconds(self, name: str, default: float) -> float:
        """A property given in milliseconds, in seconds. Raises ClientError."""
        text = self._properties.get(name)
        if text is None:
            return default
        try:
            return int(text) / 1000
        except ValueError:
            raise ClientError(f"{_variable(name)} is {text!r}, it should be a number of milliseconds.") from None

    def get(self, name: str) -> str | None:
        return self._properties.get(name)

    def _check(self) -> None:
        protocol = self._properties.get("security.protocol", "PLAINTEXT").upper()
        if protocol not in ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"):
            raise ClientError(f"{_variable('security.protocol')} is {protocol!r}, which is no protocol of Kafka.")
        if protocol.startswith("SASL") and self._mechanism() not in _SUPPORTED_SASL:
            raise ClientError(
                f"{_variable('sasl.mechanism')} is {self._mechanism()!r}; supported: {', '.join(_SUPPORTED_SASL)}."
            )

    def _mechanism(self) -> str:
        return (self._properties.get("sasl.mechanism") or self._properties.get("sasl.mechanisms") or "PLAIN").upper()

    def _ssl_context(self) -> ssl.SSLContext:
        authority = self._properties.get("ssl.ca.location")
        certificate = self._properties.get("ssl.certificate.location")
        try:
            context = ssl.create_default_context(cafile=authority)
            if certificate:
                context.load_cert_chain(
                    certificate, self._properties.get("ssl.key.location"), self._properties.get("ssl.key.password")
                )
        except (OSError, ssl.SSLError) as error:
            raise ClientError(
                f"The TLS files named by {_variable('ssl.ca.location')} and {_variable('ssl.certificate.location')} "
                f"can't be used: {error}"
            ) from error
        if self._properties.get("ssl.endpoint.identification.algorithm") == "none":
            context.check_hostname = False
        return context


def _variable(name: str) -> str:
    return "AFTERCLICK_KAFKA_" + name.upper().replace(".", "_")
