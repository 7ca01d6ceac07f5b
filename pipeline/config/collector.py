"""Settings of the collector: AFTERCLICK_COLLECTOR_*, beside those that all commands share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.config.address import address
from pipeline.config.settings import PREFIX, SettingsError

COLLECTOR = PREFIX + "COLLECTOR_"
ANY = "*"
MIB = 1024 * 1024
_HEADER = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """listen: (host, port). write_keys: those that are taken, `*` among them = any, or none at all. origins: pages
    that may send (CORS), `*` among them = all. store_address: whether events keep the sender's address.
    country_headers, privacy_headers: see collector/header.py. spool_bytes, in_flight_bytes: bounds of the disk and of
    memory. connections: of clients, at a time. certificate, key: PEM files of TLS, both or neither."""

    listen: tuple[str, int]
    write_keys: frozenset[str] = field(repr=False)
    origins: frozenset[str] = frozenset()
    store_address: bool = False
    country_headers: tuple[str, ...] = ()
    privacy_headers: bool = False
    spool_bytes: int = 1024 * MIB
    in_flight_bytes: int = 32 * MIB
    connections: int = 10_000
    certificate: Path | None = None
    key: Path | None = None

    def takes(self, write_key: str | None) -> bool:
        return ANY in self.write_keys or write_key in self.write_keys

    def allows(self, origin: str) -> bool:
        return ANY in self.origins or origin in self.origins


def resolve_collector(environment: Mapping[str, str], listen: str | None = None) -> CollectorSettings:
    """From the flag, else the environment, else defaults. Raises SettingsError with all that is wrong."""
    problems: list[str] = []

    def given(name: str, default: str = "") -> str:
        return environment.get(COLLECTOR + name) or default

    keys = _words(given("WRITE_KEYS"))
    if not keys:
        problems.append(f"{COLLECTOR}WRITE_KEYS is empty, name the write keys of your sources, or * to take any")
    certificate, key = given("TLS_CERTIFICATE"), given("TLS_KEY")
    if bool(certificate) != bool(key):
        problems.append(f"{COLLECTOR}TLS_CERTIFICATE and {COLLECTOR}TLS_KEY go together; one is missing")
    for file in (certificate, key):
        if file and not Path(file).is_file():
            problems.append(
                f"{file} is no file, name one of PEM with {COLLECTOR}TLS_CERTIFICATE and {COLLECTOR}TLS_KEY"
            )
    countries = given("COUNTRY_HEADERS").replace(",", " ").split()
    if wrong := [name for name in countries if not _HEADER.fullmatch(name)]:
        problems.append(
            f"{COLLECTOR}COUNTRY_HEADERS has {wrong[0]!r}, write names of headers with commas between, as CF-IPCountry"
        )
    settings = CollectorSettings(
        listen=address(listen or given("LISTEN", "127.0.0.1:8090"), f"{COLLECTOR}LISTEN", problems, "0.0.0.0:8090"),
        write_keys=keys,
        origins=frozenset(origin.rstrip("/") for origin in _words(given("ORIGINS"))),
        store_address=_switch("STORE_ADDRESS", given("STORE_ADDRESS", "no"), problems),
        country_headers=tuple(name.lower() for name in countries),
        privacy_headers=_switch("PRIVACY_HEADERS", given("PRIVACY_HEADERS", "no"), problems),
        spool_bytes=_mebibytes("SPOOL_MIB", given("SPOOL_MIB", "1024"), problems),
        in_flight_bytes=_mebibytes("IN_FLIGHT_MIB", given("IN_FLIGHT_MIB", "32"), problems),
        connections=_number("CONNECTIONS", given("CONNECTIONS", "10000"), "how many at a time, as 2000", problems),
        certificate=Path(certificate) if certificate else None,
        key=Path(key) if key else None,
    )
    if problems:
        raise SettingsError(problems)
    return settings


def _switch(name: str, text: str, problems: list[str]) -> bool:
    if text not in ("yes", "no"):
        problems.append(f"{COLLECTOR}{name} is {text!r}, it should be yes or no")
    return text == "yes"


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def _mebibytes(name: str, text: str, problems: list[str]) -> int:
    return _number(name, text, "how many MiB, as 64", problems) * MIB


def _number(name: str, text: str, advice: str, problems: list[str]) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        problems.append(f"{COLLECTOR}{name} is {text!r}, write {advice}")
        return 1
    return int(text)
