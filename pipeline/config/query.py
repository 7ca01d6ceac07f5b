"""Settings of the query API: AFTERCLICK_QUERY_*, beside those that all commands share."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.config.address import address
from pipeline.config.settings import PREFIX, SettingsError

QUERY = PREFIX + "QUERY"
SCOPES = ("read", "personal", "admin")
LEAST_KEY = 16
"""Characters of a key: one that can be guessed is none."""


@dataclass(frozen=True, slots=True)
class QuerySettings:
    """listen: (host, port). keys: by key one of SCOPES. rate: requests a second and key. age: seconds that an answer's
    state may be behind the store."""

    listen: tuple[str, int]
    keys: Mapping[str, str] = field(repr=False)
    rate: float = 50.0
    age: float = 0.5


def resolve_query(environment: Mapping[str, str], listen: str | None = None) -> QuerySettings | None:
    """From the flag, else the environment; None: it is off. Raises SettingsError with all that is wrong."""
    problems: list[str] = []

    def given(name: str, default: str = "") -> str:
        return environment.get(f"{QUERY}_{name}") or default

    where = listen or environment.get(QUERY) or "off"
    if where == "off":
        return None
    settings = QuerySettings(
        listen=address(where, QUERY, problems, "127.0.0.1:8081, or off"),
        keys=_keys(given("KEYS"), problems),
        rate=_number("RATE", given("RATE", "50"), "requests a second, as 50", problems),
        age=_number("AGE", given("AGE", "0.5"), "seconds, as 0.5", problems),
    )
    if problems:
        raise SettingsError(problems)
    return settings


def _keys(text: str, problems: list[str]) -> dict[str, str]:
    """`KEY:SCOPE`, several with commas between. What is wrong is told without the key."""
    found: dict[str, str] = {}
    for number, part in enumerate((part.strip() for part in text.split(",") if part.strip()), 1):
        key, _, scope = part.rpartition(":")
        if scope not in SCOPES:
            problems.append(f"{QUERY}_KEYS: entry {number} has no scope, write KEY:read, KEY:personal or KEY:admin")
        elif len(key) < LEAST_KEY:
            problems.append(f"{QUERY}_KEYS: the key of entry {number} has fewer than {LEAST_KEY} characters")
        else:
            found[key] = scope
    if not text.strip():
        problems.append(f"{QUERY}_KEYS is empty, name who may ask as KEY:read, several with commas between")
    return found


def _number(name: str, text: str, advice: str, problems: list[str]) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number <= 1_000_000:
        problems.append(f"{QUERY}_{name} is {text!r}, write {advice}")
        return 1.0
    return number
