"""Where it runs: brokers, directories, ports and credentials, resolved once from the environment and flags."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.config.address import address
from pipeline.config.memory import DEFAULT_BOUNDS, DEFAULT_MIB, LEAST_MIB, MemoryBounds

PREFIX = "AFTERCLICK_"
KAFKA_PREFIX = "AFTERCLICK_KAFKA_"

_SECRET_WORDS = ("password", "secret", "token", "credential", "jaas", "oauthbearer.config", ".pem", "user.info")
_LOGS = ("text", "json")
# What flags and plain variables say already; a second road to them would have them disagree.
_TAKEN = {"bootstrap.servers": "AFTERCLICK_BROKERS", "metadata.broker.list": "AFTERCLICK_BROKERS"}


class SettingsError(Exception):
    """Settings are wrong. problems: one sentence each. A command that lets it through exits 2."""

    exit_code = 2

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class Settings:
    """All that is not in topology.yaml.

    brokers: `host:port,..`. http: (host, port) of health and metrics, None = off. schema_registry: URL or None.
    log: text or json. dead_letter_ratio: see pipeline/runtime/dead_letter_limit.py. standbys: how many other workers
    follow each partition of shoppers. query_url: where other workers' clients reach this one's query API, empty = not
    told. memory: of the shopper agent's caches and write buffers. kafka: client properties
    of librdkafka, as `sasl.mechanism`; never shown, as some are secrets.
    """

    topology: Path
    brokers: str
    data_directory: Path
    http: tuple[str, int] | None
    schema_registry: str | None = field(default=None, repr=False)
    log: str = "text"
    dead_letter_ratio: float = 1.0
    standbys: int = 1
    query_url: str = ""
    memory: MemoryBounds = DEFAULT_BOUNDS
    kafka: Mapping[str, str] = field(default_factory=dict, repr=False)

    def shown_kafka(self) -> dict[str, str]:
        """The client properties as they may be shown: secrets masked."""
        return {name: "******" if is_secret(name) else value for name, value in sorted(self.kafka.items())}


def is_secret(name: str) -> bool:
    """Whether a client property's value must never be shown."""
    return name.endswith(("key", "key.pem")) or any(word in name for word in _SECRET_WORDS)


def resolve(
    environment: Mapping[str, str],
    *,
    topology: Path | None = None,
    brokers: str | None = None,
    data_directory: Path | None = None,
    http: str | None = None,
    schema_registry: str | None = None,
    log: str | None = None,
) -> Settings:
    """Settings from flags, else the environment, else defaults. Raises SettingsError with all that is wrong."""
    problems: list[str] = []

    def pick(flag: str | Path | None, name: str, default: str) -> str:
        return str(flag) if flag is not None else environment.get(PREFIX + name) or default

    registry = pick(schema_registry, "SCHEMA_REGISTRY", "")
    # mock:// is the registry client's own stand-in, for tests of the framing.
    if registry and not registry.startswith(("http://", "https://", "mock://")):
        problems.append("AFTERCLICK_SCHEMA_REGISTRY should be a URL, as http://localhost:8081")
    shape = pick(log, "LOG", "text")
    if shape not in _LOGS:
        problems.append(f"AFTERCLICK_LOG is {shape!r}, it should be text or json")
    settings = Settings(
        topology=Path(pick(topology, "TOPOLOGY", "topology.yaml")),
        brokers=_brokers(pick(brokers, "BROKERS", "localhost:9092"), problems),
        data_directory=Path(pick(data_directory, "DATA_DIR", "data")),
        http=_http(pick(http, "HTTP", "127.0.0.1:8080"), problems),
        schema_registry=registry or None,
        log=shape,
        dead_letter_ratio=_ratio(pick(None, "DEAD_LETTER_RATIO", "1"), problems),
        standbys=_standbys(pick(None, "STANDBYS", "1"), problems),
        query_url=_url(pick(None, "QUERY_ADVERTISED", ""), problems),
        memory=_memory(pick(None, "STATE_MEMORY_MIB", str(DEFAULT_MIB)), problems),
        kafka=_kafka(environment, problems),
    )
    if problems:
        raise SettingsError(problems)
    return settings


def process_environment() -> Mapping[str, str]:
    """The environment of this process; the one place where it is read."""
    return os.environ


def _brokers(text: str, problems: list[str]) -> str:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        host, _, port = part.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            problems.append(f"AFTERCLICK_BROKERS has {part!r}, write host:port, several with commas between")
    if not parts:
        problems.append("AFTERCLICK_BROKERS names no broker, write host:port")
    return ",".join(parts)


def _http(text: str, problems: list[str]) -> tuple[str, int] | None:
    return None if text == "off" else address(text, "AFTERCLICK_HTTP", problems, "127.0.0.1:8080, or off")


def _ratio(text: str, problems: list[str]) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not 0 < ratio <= 1:
        problems.append(f"AFTERCLICK_DEAD_LETTER_RATIO is {text!r}, write a share as 0.1, or 1 for no limit")
    return ratio


def _standbys(text: str, problems: list[str]) -> int:
    if not (text.isascii() and text.isdigit()):
        problems.append(f"AFTERCLICK_STANDBYS is {text!r}, write how many, as 1, or 0 for none")
        return 0
    return int(text)


def _url(text: str, problems: list[str]) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        problems.append(f"AFTERCLICK_QUERY_ADVERTISED is {text!r}, write a URL as http://worker-0.workers:8081")
    return text.rstrip("/")


def _memory(text: str, problems: list[str]) -> MemoryBounds:
    if not (text.isascii() and text.isdigit() and int(text) >= LEAST_MIB):
        problems.append(f"AFTERCLICK_STATE_MEMORY_MIB is {text!r}, write how many MiB, as 288, at least {LEAST_MIB}")
        return DEFAULT_BOUNDS
    return MemoryBounds.of(int(text))


def _kafka(environment: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    properties = {}
    for variable, value in sorted(environment.items()):
        if variable.startswith(KAFKA_PREFIX) and len(variable) > len(KAFKA_PREFIX):
            name = variable.removeprefix(KAFKA_PREFIX).lower().replace("_", ".")
            if name in _TAKEN:
                problems.append(f"{variable} is not taken, set {_TAKEN[name]}")
            properties[name] = value
    return properties
