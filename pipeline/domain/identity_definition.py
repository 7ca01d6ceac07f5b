"""What `identity:` of a topology means: which ids may be one shopper's."""

from dataclasses import dataclass

from pipeline.domain.value.instant import HOUR


@dataclass(frozen=True, slots=True)
class IdentityDefinition:
    """blocked: RE2 patterns of ids that are nobody's, of the whole id, upper and lower case alike. devices: anonymous
    ids that become one shopper's at the most. wait: how long, ms, a shopper's events wait for the state of a device."""

    blocked: tuple[str, ...] = ()
    devices: int = 10
    wait: int = HOUR
    identity: str = ""
