"""Lives: the histories that one id has had. Each begins with nothing; an erasure or a long silence ends it."""

import hashlib
import hmac
from typing import Any

from tests.oracle.history import Record
from tests.oracle.values import span

ERASED = "Shopper Erased"
CONSENT_EVENTS = {
    "Consent Changed",
    "Email Unsubscribed",
    "Email Marked as Spam",
    "Email Bounced",
    "SMS Opted Out",
    "Push Unsubscribed",
}


def may_end(topology: dict[str, Any]) -> bool:
    return "erasure" in topology or "inactive" in topology.get("retention", {})


def digest(topology: dict[str, Any], shopper: str) -> str:
    pepper, name = str((topology.get("erasure") or {}).get("pepper", "")), topology.get("name", "oracle")
    return hmac.new(pepper.encode(), f"{len(name)}:{name}{shopper}".encode(), hashlib.sha256).hexdigest()[:32]


def grants(record: Record) -> bool:
    if record.name not in CONSENT_EVENTS:
        return True
    status = record.properties.get("status")
    channel = record.properties.get("channel")
    purpose = record.properties.get("purpose", "marketing")
    named = all(isinstance(one, str) and 0 < len(one.strip()) <= 64 for one in (channel, purpose))
    known = isinstance(status, str) and status.strip().lower() in ("granted", "reduced")
    return record.name == "Consent Changed" and named and known


class Life:
    """What is left of an id between its histories. seen: when the latest event was taken, ms."""

    def __init__(self, shopper: str, topology: dict[str, Any]) -> None:
        self.shopper = shopper
        self.erases, self.rule = "erasure" in topology, topology.get("erasure") or {}
        inactive = topology.get("retention", {}).get("inactive")
        self.inactive = span(inactive) if inactive is not None else None
        self.erased_at: int | None = None
        self.suppressed = False
        self.asked: list[str] = []
        self.seen: int | None = None
        self.receipts: list[dict[str, Any]] = []

    def expires(self) -> int | None:
        """When the present history ends if nothing comes."""
        return None if self.inactive is None or self.seen is None else self.seen + self.inactive

    def expire(self, at: int) -> None:
        self.seen = None
        self._receipt("expired", at, None, None, None)

    def erases_with(self, record: Record) -> bool:
        """Whether the record ends the history; one that asks again, or asked long before, does not."""
        if not self.erases or record.name != ERASED or record.type != "track":
            return False
        late = self.erased_at is not None and not self.suppressed and record.time <= self.erased_at
        return not late and not (self.asked and self.asked[-1] == record.message_id)

    def erase(self, record: Record) -> None:
        self.erased_at = max(record.received, self.erased_at or 0)
        self.suppressed, self.seen = True, None
        self.asked.append(record.message_id)
        reason = record.properties.get("reason")
        given = reason[:200] if isinstance(reason, str) else None
        self._receipt("erased", self.erased_at, record.message_id, record.time, given)

    def drops(self, record: Record) -> bool:
        """Whether the record is of before an erasure, or of somebody who may not come back with it."""
        if self.erases and record.name == ERASED and record.type == "track":
            return True
        if self.erased_at is None:
            return False
        if record.time <= self.erased_at:
            return True
        if self.suppressed and record.name in self.rule.get("return_by", ()) and grants(record):
            self.suppressed = False
        return self.suppressed

    def _receipt(self, change: str, at: int, message_id: str | None, asked: int | None, reason: str | None) -> None:
        self.receipts.append(
            {
                "effective_at": at,
                "cause": message_id,
                "change": change,
                "sequence": len(self.asked),
                "requested_at": asked,
                "reason": reason,
            }
        )
