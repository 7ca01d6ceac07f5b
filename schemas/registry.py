"""The schema registry: contracts registered at start, errors as sentences."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from schemas.contract import HERE

TIMEOUT = 10
"""Seconds that a call to the registry may take."""


T = TypeVar("T")


class RegistryError(ValueError):
    """A schema could not be registered; the text says what to do and holds no credentials."""


def register(url: str, topics: Mapping[str, str], settings: Mapping[str, str] | None = None) -> dict[str, int]:
    """Register each topic's contract as the latest of its subject `TOPIC-value`; the registry's ids by logical name.

    url: `http[s]://[user:password@]host[:port]`, or `mock://` for one in memory. topics: logical -> the shop's name.
    settings: further properties of confluent_kafka's client, as `ssl.ca.location`. A schema that is there already
    keeps its id. Raises RegistryError.
    """
    # Imported here: the client brings an HTTP stack that JSON users have no need of.
    from confluent_kafka.schema_registry import Schema

    def registered(client: Any) -> dict[str, int]:
        ids: dict[str, int] = {}
        for logical, name in topics.items():
            text = (HERE / f"{logical}.avsc").read_text(encoding="utf-8")
            ids[logical] = client.register_schema(f"{name}-value", Schema(text, "AVRO"))
        return ids

    return _asked(url, settings, registered)


def reach(url: str) -> int:
    """How many subjects the registry holds: it answers, and knows us. Raises RegistryError."""
    return _asked(url, None, lambda client: len(client.get_subjects()))


def _asked(url: str, settings: Mapping[str, str] | None, ask: Callable[[Any], T]) -> T:
    """What the registry's client is asked. Raises RegistryError."""
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.error import SchemaRegistryError

    shown = without_credentials(url)
    try:
        return ask(SchemaRegistryClient.new_client({"url": url, "timeout": TIMEOUT, **(settings or {})}))
    except SchemaRegistryError as error:
        raise RegistryError(_refusal(shown, error.http_status_code, error.error_message)) from None
    except Exception as error:
        # httpx, OSError, ValueError by kind of trouble; their texts may quote the URL with its password.
        raise RegistryError(
            f"The schema registry at {shown} can't be used ({type(error).__name__}): is it running, "
            "and is AFTERCLICK_SCHEMA_REGISTRY right?"
        ) from None


def without_credentials(url: str) -> str:
    """The URL as it may be shown: without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is no URL"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _refusal(url: str, status: int, message: str) -> str:
    if status in (401, 403):
        return f"The schema registry at {url} refuses the credentials of AFTERCLICK_SCHEMA_REGISTRY ({status})."
    if status == 409:
        return (
            f"The schema registry at {url} holds another schema that ours can't be read with: {message} "
            "Rename the topic under `topics` in topology.yaml, or delete the subject."
        )
    return f"The schema registry at {url} did not take a schema ({status}): {message}"
