"""The zone that a shopper lives in: what calendar windows go by (readings.md, 18; semantics.md, parts 3 and 7)."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from pipeline.domain.event import Event
from pipeline.domain.segments.window import fingerprint
from pipeline.domain.shopper import Observation, Shopper

TRAIT = "timezone"

_MEANING = ("zone", "context.timezone")

# Files beside the zones that mean another zone on each machine.
_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})


class Zones:
    """The trait `timezone`, else the latest `context.timezone` by (event time, message id), else the shop's zone.
    Names that are no zone are passed over, and counted as `unknown_timezone`."""

    __slots__ = ("_shop", "key", "meaning")

    def __init__(self, shop: ZoneInfo) -> None:
        self._shop = shop
        self.meaning = _MEANING
        self.key = fingerprint(_MEANING)

    def take(self, shopper: Shopper, event: Event, remarks: list[str]) -> None:
        """Keep the zone that an event tells of."""
        if named(event.timezone) is None:
            remarks.append("unknown_timezone")
            return
        known = shopper.observations.get(self.key)
        if known is None or (known.time, known.message_id) < (event.time, event.message_id):
            shopper.observations[self.key] = Observation(event.time, event.message_id, [event.timezone])

    def join(self, shopper: Shopper, other: Observation) -> None:
        """Take in what other events told."""
        known = shopper.observations.get(self.key)
        if known is None or (known.time, known.message_id) < (other.time, other.message_id):
            shopper.observations[self.key] = other

    def confirms(self, shopper: Shopper, event: Event) -> bool:
        """Whether an event tells of the zone that is known. Then it is kept as the word of that event, if a later."""
        known = shopper.observations.get(self.key)
        if known is None or known.ends[0] != event.timezone:
            return False
        if (known.time, known.message_id) < (event.time, event.message_id):
            known.time, known.message_id = event.time, event.message_id
        return True

    def of(self, shopper: Shopper) -> ZoneInfo:
        trait = shopper.traits.get(TRAIT)
        if trait is not None and (zone := named(trait.value)) is not None:
            return zone
        known = shopper.observations.get(self.key)
        return (named(known.ends[0]) if known is not None else None) or self._shop


@lru_cache(maxsize=1_024)
def _named(name: str) -> ZoneInfo | None:
    try:
        return None if name in _NO_ZONES else ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return None


def named(name: object) -> ZoneInfo | None:
    """The IANA zone of that name, None if there is none."""
    return _named(name) if isinstance(name, str) and name else None
