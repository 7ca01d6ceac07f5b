"""One set of client properties (AFTERCLICK_BROKERS, AFTERCLICK_KAFKA_*) for every client: Faust's consumer, the
producers, the restoring consumers and the admin client. docs/security.md has them for those who run it."""

import difflib
import ssl
from collections.abc import Mapping
from typing import Any

import certifi

_CONSUMER_ONLY = ("session.timeout.ms", "heartbeat.interval.ms", "group.instance.id", "fetch.max.bytes")
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_PASSWORD_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
OAUTHBEARER = "OAUTHBEARER"
_MECHANISMS = (*_PASSWORD_MECHANISMS, OAUTHBEARER)

# Only what both client libraries can be told: a property that one of them ignores would leave half of our connections
# less protected than the other half.
_TLS = (
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.key.location",
    "ssl.key.pem",
    "ssl.key.password",
    "ssl.endpoint.identification.algorithm",
    "ssl.cipher.suites",
)
TOKEN_ENDPOINT = "sasl.oauthbearer.token.endpoint.url"  # noqa: S105
TOKEN_CLIENT = "sasl.oauthbearer.client.id"  # noqa: S105
TOKEN_SECRET = "sasl.oauthbearer.client.secret"  # noqa: S105
_OAUTH = ("sasl.oauthbearer.method", TOKEN_ENDPOINT, TOKEN_CLIENT, TOKEN_SECRET, "sasl.oauthbearer.scope")
_HTTPS = ("https.ca.location", "https.ca.pem")
SECRETS = ("sasl.password", "ssl.key.password", "ssl.key.pem", TOKEN_SECRET)
_SASL = ("sasl.mechanism", "sasl.mechanisms", "sasl.username", "sasl.password", *_OAUTH)


class ClientError(Exception):
    """Client properties that can't be used; the message says what to do, and holds no secret."""


class Properties(dict[str, Any]):
    """Properties of a confluent client. Shows their names only: some are secrets."""

    def masked(self, text: str) -> str:
        """A text of a library or of somebody else, as an endpoint's answer, without our secrets."""
        for name in SECRETS:
            if self.get(name):
                text = text.replace(self[name], "******")
        return text

    def __repr__(self) -> str:
        return f"<properties {', '.join(sorted(self))}>"

    __str__ = __repr__


class Client:
    """brokers: `host:port,..`. properties: librdkafka's names and values. Raises ClientError."""

    def __init__(self, brokers: str, properties: Mapping[str, str]) -> None:
        self.brokers = brokers
        self._properties = dict(properties)
        self.protocol = self._properties.get("security.protocol", "PLAINTEXT").upper()
        self.mechanism = (self.get("sasl.mechanism") or self.get("sasl.mechanisms") or "PLAIN").upper()
        self._check()

    @property
    def over_tls(self) -> bool:
        return self.protocol in ("SSL", "SASL_SSL")

    @property
    def over_sasl(self) -> bool:
        return self.protocol.startswith("SASL_")

    def librdkafka(self, client_id: str, **more: str) -> Properties:
        """Properties of a confluent client. It logs nothing itself: it would tell of each try to connect.

        more: further ones, with `_` for `.`.
        """
        shared = {
            name: value
            for name, value in self._properties.items()
            if name not in _CONSUMER_ONLY and name != "sasl.mechanisms"
        }
        if self.over_sasl:
            # librdkafka's own default is GSSAPI.
            shared["sasl.mechanism"] = self.mechanism
            if self.mechanism == OAUTHBEARER:
                shared["sasl.oauthbearer.method"] = "oidc"
                if not any(self.get(name) for name in _HTTPS):
                    shared["https.ca.location"] = system_authorities()
        added = {name.replace("_", "."): value for name, value in more.items()}
        return Properties(
            {"bootstrap.servers": self.brokers, "client.id": client_id, "log_level": 0, **shared, **added}
        )

    def faust_broker(self, scheme: str) -> str:
        """The brokers as Faust's `broker` setting."""
        return ";".join(f"{scheme}://{address}" for address in self.brokers.split(","))

    def seconds(self, name: str, default: float) -> float:
        """A property given in milliseconds, in seconds. Raises ClientError."""
        text = self._properties.get(name)
        if text is None:
            return default
        try:
            return int(text) / 1000
        except ValueError:
            raise ClientError(f"{variable(name)} is {text!r}, it should be a number of milliseconds.") from None

    def get(self, name: str) -> str | None:
        return self._properties.get(name)

    def _check(self) -> None:
        if self.protocol not in _PROTOCOLS:
            raise ClientError(
                f"{variable('security.protocol')} is {self.protocol!r}; Kafka has {', '.join(_PROTOCOLS)}."
            )
        protocol = f"{variable('security.protocol')} is {self.protocol}, which does not use it; set it to"
        self._check_names("sasl.", _SASL, "" if self.over_sasl else f"{protocol} SASL_SSL")
        self._check_names("ssl.", _TLS, "" if self.over_tls else f"{protocol} SASL_SSL or SSL")
        fetches = self.over_sasl and self.mechanism == OAUTHBEARER
        self._check_names(
            "https.", _HTTPS, "" if fetches else f"only {variable('sasl.mechanism')} {OAUTHBEARER} uses it"
        )
        if self.over_sasl:
            self._check_login()
        if self.over_tls:
            self._check_certificate()

    def _check_names(self, prefix: str, known: tuple[str, ...], unused: str) -> None:
        """unused: why none of them is used, empty if they are."""
        for name in self._properties:
            if not name.startswith(prefix):
                continue
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                guess = f" (did you mean {variable(near[0])}?)" if near else ""
                raise ClientError(f"{variable(name)} is not supported{guess}; docs/security.md lists what is.")
            if unused:
                raise ClientError(f"{variable(name)} is set, but {unused}.")

    def _check_login(self) -> None:
        if self.mechanism not in _MECHANISMS:
            raise ClientError(
                f"{variable('sasl.mechanism')} is {self.mechanism!r}; supported: {', '.join(_MECHANISMS)}."
            )
        needed: tuple[str, ...] = ("sasl.username", "sasl.password")
        if self.mechanism == OAUTHBEARER:
            if (self.get("sasl.oauthbearer.method") or "oidc").lower() != "oidc":
                raise ClientError(f"{variable('sasl.oauthbearer.method')} can only be oidc.")
            needed = (TOKEN_ENDPOINT, TOKEN_CLIENT, TOKEN_SECRET)
        missing = [variable(name) for name in needed if not self.get(name)]
        if missing:
            raise ClientError(f"SASL {self.mechanism} needs {' and '.join(missing)}.")

    def _check_certificate(self) -> None:
        for form in ("location", "pem"):
            certificate, key = f"ssl.certificate.{form}", f"ssl.key.{form}"
            if bool(self.get(certificate)) != bool(self.get(key)):
                raise ClientError(f"{variable(certificate)} and {variable(key)} go together; one is missing.")
        if (self.get("ssl.endpoint.identification.algorithm") or "https") not in ("https", "none"):
            raise ClientError(f"{variable('ssl.endpoint.identification.algorithm')} can be https or none.")


def variable(name: str) -> str:
    """The environment variable of a property."""
    return "AFTERCLICK_KAFKA_" + name.upper().replace(".", "_")


def system_authorities() -> str:
    """File of those whom this system trusts; a token endpoint's certificate is checked against it unless others are
    named. librdkafka brings a copy of curl that looks for it where Red Hat has it, and nowhere else."""
    return ssl.get_default_verify_paths().cafile or certifi.where()
