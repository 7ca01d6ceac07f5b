"""The country that a call came from, as the collector has it of the CDN before it, or as the client says."""

from collections.abc import Mapping
from typing import Any

# What CDNs say where they know no country: Cloudflare XX, and T1 of Tor; MaxMind's A1 of proxies, A2 of satellites, O1.
_NOWHERE = frozenset({"XX", "T1", "A1", "A2", "O1", "ZZ"})


def country(text: Any) -> str:
    """An ISO 3166-1 alpha-2 code in capitals, "" if it is none."""
    if type(text) is not str:
        return ""
    code = text.strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalnum() and code not in _NOWHERE else ""


def country_of(context: Mapping[str, Any]) -> str:
    """By `context.location.country`; "" if that is absent or a name rather than a code."""
    location = context.get("location")
    return country(location.get("country")) if type(location) is dict else ""
