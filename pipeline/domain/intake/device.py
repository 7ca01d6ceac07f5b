"""The device that a call came from, as clients put it into the context (readings.md, 48)."""

from collections.abc import Mapping
from typing import Any

# Characters of a push token; what is longer is none.
LONGEST = 1_024
# Characters of a locale; what is longer is none.
LOCALE = 64


def token_of(context: Mapping[str, Any]) -> str:
    """The push token, "" if there is none."""
    device = context.get("device")
    token = device.get("token") if type(device) is dict else None
    return token if type(token) is str and len(token) <= LONGEST else ""


def locale_of(context: Mapping[str, Any]) -> str:
    """The language that the device speaks, as `de-DE`; "" if it does not say."""
    locale = context.get("locale")
    return locale.strip() if type(locale) is str and len(locale) <= LOCALE else ""
