"""Claims: a user's event that came from a device says that the device's id is the user's.

The device's record is another shopper's, so intake, which decides nothing, writes for it that it was claimed: from one
value always the same, in one transaction with the event. So a claim stands in the device's partition where the event
would have stood, and what of the device is older does not depend on how fast any partition is read.
"""

from collections.abc import Iterator
from typing import Any

import re2

from pipeline.domain.event import CLAIM, Event
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.intake.answer import Answer
from pipeline.domain.intake.identity import identifier
from pipeline.domain.intake.refusal import BLOCKED_ID, MISSING_ID, RefusedCall

ALIAS = "alias"
# Ids of which it is remembered whether they are blocked.
REMEMBERED = 20_000


class Claims:
    """Reads ids by the rules of a topology with `identity`. A blocked id is none."""

    __slots__ = ("_blocked", "_known")

    def __init__(self, definition: IdentityDefinition) -> None:
        options = re2.Options()
        options.case_sensitive = False
        pattern = "|".join(f"(?:{one})" for one in definition.blocked)
        self._blocked = re2.compile(pattern, options) if pattern else None
        self._known: dict[str, bool] = {}

    def ids(self, call: dict[str, Any]) -> tuple[str, str | None, str]:
        """(shopper, the user's id, the device's): the last "" where there is none, or it is the shopper itself.

        A device's id that is none is left out of a user's call, which an `alias` call names as `previousId`. Raises
        RefusedCall: `missing_id`, `invalid_id`, `blocked_id`.
        """
        user = identifier(call.get("userId"), "userId")
        named = user
        if user is not None and self._blocks(user):
            user = None
        if user is None:
            device = identifier(call.get("anonymousId"), "anonymousId")
            if device is not None and not self._blocks(device):
                return device, None, ""
            if device is None and named is None:
                raise RefusedCall(MISSING_ID, "neither userId nor anonymousId")
            raise RefusedCall(BLOCKED_ID, "userId and anonymousId are blocked or missing")
        return user, user, self._device(call, user)

    def told(self, calls: list[Answer]) -> list[Answer]:
        """The calls, and after them a claim for each device that came with one."""
        calls.extend(list(self._claims(calls)))
        return calls

    def _device(self, call: dict[str, Any], user: str) -> str:
        field = "previousId" if call.get("type") == ALIAS else "anonymousId"
        try:
            device = identifier(call.get(field), field)
        except RefusedCall:
            return ""
        return "" if device is None or device == user or self._blocks(device) else device

    def _blocks(self, found: str) -> bool:
        if self._blocked is None:
            return False
        blocks = self._known.get(found)
        if blocks is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            blocks = self._known[found] = self._blocked.fullmatch(found) is not None
        return blocks

    def _claims(self, calls: list[Answer]) -> Iterator[Event]:
        for call in calls:
            if isinstance(call, Event) and call.anonymous_id:
                yield Event(
                    CLAIM, CLAIM, call.anonymous_id, call.time, call.received, call.message_id, referred=call.shopper
                )
