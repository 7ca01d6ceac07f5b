"""What a topology says of consent, and the condition on it. Part of `definition.py`."""

from dataclasses import dataclass, field

MARKETING = "marketing"
"""The purpose of a word on consent that names none (readings.md, 29)."""

TRANSACTIONAL = "transactional"
"""The purpose of messages that a shopper has asked for by buying: what was never said of it is no denial."""

GRANTED, DENIED, REDUCED, UNKNOWN = "granted", "denied", "reduced", "unknown"


@dataclass(frozen=True, slots=True)
class ConsentDefinition:
    """`messaging.consent`. unknown: DENIED or GRANTED, what may be done where nothing was said.

    categories: names in `context.consent.categoryPreferences` -> the purpose that each speaks of.
    """

    unknown: str = DENIED
    categories: dict[str, str] = field(default_factory=dict)
    identity: str = ""


@dataclass(frozen=True, slots=True)
class ConsentNow:
    """What was said of a purpose on a channel is `status`: GRANTED (of REDUCED too), DENIED, REDUCED or UNKNOWN."""

    channel: str
    purpose: str
    status: str
