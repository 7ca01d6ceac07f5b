"""What the arbiter asks of consent: whether a shopper may be written to, and where."""

from collections.abc import Callable, Sequence
from typing import Protocol

from pipeline.domain.shopper import Shopper

MARKETING, TRANSACTIONAL = "marketing", "transactional"


class Permission(Protocol):
    """Of one shopper, now."""

    def allows(self, channel: str, purpose: str) -> bool:
        """Whether a message of that purpose may be sent on that channel."""
        ...

    def reduced(self, channel: str) -> bool:
        """Whether the shopper asked for fewer messages there."""
        ...

    def addresses(self, channel: str) -> Sequence[str]:
        """Where the shopper can be reached there, and may be."""
        ...


PermissionOf = Callable[[Shopper], Permission]


class Contacts:
    """Until consent is kept: who has an address may be written to."""

    def __init__(self, shopper: Shopper) -> None:
        self._shopper = shopper

    def allows(self, channel: str, purpose: str) -> bool:
        return True

    def reduced(self, channel: str) -> bool:
        return False

    def addresses(self, channel: str) -> Sequence[str]:
        trait = self._shopper.traits.get({"email": "email", "sms": "phone"}.get(channel, ""))
        return () if trait is None else (str(trait.value),)
