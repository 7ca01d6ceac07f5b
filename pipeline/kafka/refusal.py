"""Why brokers that answer refuse us, out of the errors of librdkafka's connections."""

from collections.abc import Callable

from confluent_kafka import KafkaError

_LOGIN = frozenset(
    {
        KafkaError._AUTHENTICATION,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.ILLEGAL_SASL_STATE,
    }
)
# How librdkafka begins when the token endpoint is at fault, not the brokers; and what curl says of one that is away.
_TOKEN = "Failed to acquire SASL OAUTHBEARER token"  # noqa: S105
_ENDPOINT_AWAY = ("connect to", "resolve host", "timed out", "timeout")
# librdkafka's own guesses at why a broker hung up on it.
_OTHER_PROTOCOL = ("security.protocol", "PLAINTEXT broker listener")


class Refusal:
    """Keeps the error that says most: of our token, our login or of trust, else of the protocol. masked: takes secrets
    out."""

    def __init__(self, masked: Callable[[str], str]) -> None:
        self._masked = masked
        self._token = self._login = self._trust = self._protocol = ""

    @property
    def lasting(self) -> bool:
        """Trying again will not help."""
        away = any(sign in self._token.lower() for sign in _ENDPOINT_AWAY)
        return bool(self._login or self._trust or (self._token and not away))

    def take(self, error: KafkaError) -> None:
        """An error of any kind; also librdkafka's `error_cb`."""
        told = self._masked(error.str()).partition(" (after ")[0]
        if told.startswith(_TOKEN):
            self._token = told.removeprefix(f"{_TOKEN}: ")
        elif error.code() in _LOGIN:
            self._login = self._login or told
        elif error.code() == KafkaError._SSL or "tls alert" in told:
            self._trust = self._trust or told
        elif any(guess in told for guess in _OTHER_PROTOCOL):
            # A broker that goes down just then looks the same, so this one may pass.
            self._protocol = self._protocol or told

    def sentence(self, brokers: str) -> str:
        """What to do about it."""
        if self._token:
            return (
                "No token comes from AFTERCLICK_KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL; check it, "
                f"AFTERCLICK_KAFKA_SASL_OAUTHBEARER_CLIENT_* and AFTERCLICK_KAFKA_HTTPS_CA_LOCATION: {self._token}"
            )
        if self._login:
            return f"The brokers at {brokers} refuse our login; check AFTERCLICK_KAFKA_SASL_*: {self._login}"
        if self._trust:
            return (
                f"No trust between us and the brokers at {brokers}; check AFTERCLICK_KAFKA_SSL_CA_LOCATION and our "
                f"certificate: {self._trust}"
            )
        if self._protocol:
            return f"The brokers at {brokers} hang up on us; check AFTERCLICK_KAFKA_SECURITY_PROTOCOL: {self._protocol}"
        return f"No broker answers at {brokers}; start Kafka, or name its address with --brokers or AFTERCLICK_BROKERS."
