"""What `intake:` of a topology means: what is taken of what clients send, and what is added to it."""

from dataclasses import dataclass

CAMPAIGN, REFERRER, DEVICE, COUNTRY = "campaign", "referrer", "device", "country"
FLAG, DROP, ANONYMOUS, IGNORE = "flag", "drop", "anonymous", "ignore"


@dataclass(frozen=True, slots=True)
class PrivacyDefinition:
    """do_not_track: DROP, ANONYMOUS or IGNORE. required: categories of a consent manager, each of which has to be
    granted. refused: DROP or ANONYMOUS, what becomes of calls that lack one. unknown: whether a call that says nothing
    of consent counts as if all were granted."""

    do_not_track: str = IGNORE
    required: tuple[str, ...] = ()
    refused: str = DROP
    unknown: bool = True


@dataclass(frozen=True, slots=True)
class SampleDefinition:
    """share: of SHARES (message_definition.py), of shoppers that are taken. Another salt draws others."""

    share: int
    salt: str = ""


@dataclass(frozen=True, slots=True)
class HotKeyDefinition:
    """A shopper with more than `at_most` events in one span of `per` ms of event time is hot; drops: what is above is
    not decided about."""

    at_most: int = 25
    per: int = 1_000
    drops: bool = False


@dataclass(frozen=True, slots=True)
class IntakeDefinition:
    """enrich: of CAMPAIGN, REFERRER, DEVICE, COUNTRY. bots: FLAG or DROP; "": nobody looks for them. privacy, sample:
    None where all is taken."""

    enrich: frozenset[str] = frozenset()
    bots: str = ""
    privacy: PrivacyDefinition | None = None
    sample: SampleDefinition | None = None
