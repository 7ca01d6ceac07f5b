"""Referrals: an event of one shopper that another one is given points for, and so has to be told of, too.

Shoppers are decided each for itself, by what their own key brings. So intake, which decides nothing, writes such an
event once more, for the one who referred: from one value always the same, in one transaction with the first.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import xxhash

from pipeline.domain.event import REFERRAL, Event, decode_object
from pipeline.domain.intake.answer import Answer
from pipeline.domain.intake.identity import identifier
from pipeline.domain.intake.refusal import RefusedCall
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.value.path import reach

Origin = tuple[int, int]


class Referrers:
    """By the earning rules with `also` of all programmes. events: the names of events that refer."""

    def __init__(self, programmes: Iterable[ProgrammeDefinition]) -> None:
        self._paths = {rule.on: rule.also for one in programmes for rule in one.earn if rule.also}
        self.events = frozenset(self._paths)

    def told(self, calls: list[Answer]) -> list[Answer]:
        """The calls, and after them a copy of each that refers, for the one who referred."""
        return [*calls, *self._copies(calls)]

    def _copies(self, calls: list[Answer]) -> Iterator[Event]:
        for call in calls:
            if isinstance(call, Event) and call.name in self._paths:
                referrer = referrer_of(decode_object(call.properties), self._paths[call.name])
                if referrer not in (None, call.shopper):
                    yield msgspec.structs.replace(
                        call, type=REFERRAL, shopper=referrer, referred=call.shopper, timezone="", flags=(),
                        anonymous=False, consents=(), device="", locale="", anonymous_id="",
                    )  # fmt: skip


def referrer_of(properties: dict[str, Any], path: tuple[str, ...]) -> str | None:
    """The id of the shopper who referred, None if there is none that could be one."""
    for value in reach(properties, path):
        try:
            if (found := identifier(value, "referrer")) is not None:
                return found
        except RefusedCall:
            continue
    return None


def origin_of(context: dict[str, Any]) -> Origin:
    """Fingerprints of the device and of the network address that a call came from; 0 of what it does not tell."""
    device = context.get("device")
    return _fingerprint(device.get("id") if isinstance(device, dict) else None), _fingerprint(context.get("ip"))


def _fingerprint(value: Any) -> int:
    return xxhash.xxh3_64_intdigest(value.strip().encode()) if isinstance(value, str) and value.strip() else 0
