"""What shows a sign of fraud, so that points are held (docs/rules.md, "Review"), looked up in all that was given."""

from typing import Any

import xxhash

from tests.oracle.bonuses import fits
from tests.oracle.history import Record
from tests.oracle.ledger import Ledger, Lot
from tests.oracle.orders import Order
from tests.oracle.values import DAY, span

EVENTS = ("Points Review Released", "Points Review Rejected")


class Review:
    """given: (received time, points) of all that was not held; refunds: received times of refunds and cancellations;
    friends: event times of referrals, by the device and by the address that they came from."""

    def __init__(self, entry: dict[str, Any], ledger: Ledger) -> None:
        self.signs, self.ledger = entry.get("review") or {}, ledger
        self.name = ledger.name
        self.given: list[tuple[int, int]] = []
        self.refunds: list[int] = []
        self.friends: dict[tuple[str, str], list[int]] = {}

    def holds(self, points: int) -> bool:
        """Asked of points that are to be given now; they count if they are not held."""
        now, refunds = self.ledger.now, self.signs.get("refunds")
        if points <= 0:
            return False
        if refunds is not None:
            within = now + 1 if "within" not in refunds else span(refunds["within"])
            if sum(1 for at in self.refunds if at > now - within) > refunds["times"]:
                return True
        day = sum(each for at, each in self.given if at > now - DAY)
        if day + points > self.signs.get("points_per_day", day + points):
            return True
        self.given.append((now, points))
        return False

    def holds_friend(self, record: Record) -> bool:
        """Whether a friend comes as too many did, by device or by address."""
        device = record.context.get("device") or {}
        origins = {"device": device.get("id"), "address": record.context.get("ip")}
        held = False
        for kind, origin in origins.items():
            limit = self.signs.get(f"referrals_per_{kind}")
            if limit is not None and origin:
                seen = self.friends.setdefault((kind, origin), [])
                if fits(seen, record.time, limit):
                    seen.append(record.time)
                else:
                    held = True
        return held

    def order(self, order: Order | None, before: Order | None) -> None:
        """What became of an order with a record: each refund that it has taken counts, and its cancellation."""
        if order is None or (before is not None and before.cancelled):
            return
        refunds = len(order.refunds) - (len(before.refunds) if before is not None else 0)
        cancelled = order.cancelled and before is not None
        self.refunds += [self.ledger.now] * (refunds + cancelled)

    def record(self, record: Record) -> None:
        """Somebody has looked at what is held."""
        if not self.signs or record.name not in EVENTS or record.properties.get("programme", self.name) != self.name:
            return
        named = record.properties.get("lot")
        for lot in self.ledger.lots:
            if lot.held and (named is None or named == lot_name(lot)):
                if record.name == EVENTS[0]:
                    lot.held = 0
                else:
                    self.ledger.reject(lot)


def lot_name(lot: Lot) -> str | None:
    """As entries name the lot of an order; of a bonus the pages do not say it."""
    if lot.bonus or lot.order_id is None:
        return None
    return f"{xxhash.xxh3_64(lot.order_id.encode()).intdigest():016x}"
