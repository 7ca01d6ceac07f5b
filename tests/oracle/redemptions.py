"""Points that are spent, given or taken by hand, and rewards, in one programme (readings.md, 44 and 55)."""

from typing import Any

from tests.oracle.history import Record
from tests.oracle.ladder import Ladder
from tests.oracle.ledger import Ledger
from tests.oracle.values import number

SPENDING = ("Points Redeemed", "Redemption Cancelled", "Points Adjusted")


def whole(value: Any) -> int | None:
    """A whole number of points, or none; nobody has more than 10^11."""
    found = number(value)
    return int(found) if found is not None and found == int(found) and abs(found) <= 10**11 else None


class Redemptions:
    """alone: there is no other programme. void: redemptions that were cancelled. rewards: which one a redemption was
    for. rejected, available: lines of those topics."""

    def __init__(self, name: str, entry: dict[str, Any], ledger: Ledger, ladder: Ladder, *, alone: bool) -> None:
        self.name, self.entry, self.ledger, self.ladder, self.alone = name, entry, ledger, ladder, alone
        self.void: set[str] = set()
        self.rewards: dict[str, str | None] = {}
        self.offered: set[str] = set()
        self.rejected: list[dict[str, Any]] = []
        self.available: list[dict[str, Any]] = []

    def means(self, record: Record) -> bool:
        """Whether an event of points is about this programme: it says so, or there is no other."""
        if record.name not in SPENDING:
            return False
        named = record.properties.get("programme")
        if named is None and record.name == "Redemption Cancelled" and not self.alone:
            # It names no programme: whichever has the redemption, or is to have it.
            return True
        return bool(named == self.name or (named is None and self.alone))

    def record(self, record: Record) -> None:
        redemption = str(record.properties.get("redemption_id", record.message_id))
        points = whole(record.properties.get("points"))
        if record.name == "Points Redeemed":
            done = self._redeem(record, redemption)
        elif record.name == "Redemption Cancelled":
            done = redemption in self.ledger.redeemed and self.ledger.give_back(redemption)
            if self.ladder.level >= 0:
                self.void.add(redemption)
        else:
            done = points is not None and points > 0
            self.ledger.adjust(record.time, points or 0)
        if done:
            self.ledger.touch(record.time)

    def _redeem(self, record: Record, redemption: str) -> bool:
        if redemption in self.ledger.redeemed or redemption in self.void:
            return False
        reward = record.properties.get("reward")
        reward = None if reward is None else str(reward)
        known = self.entry.get("rewards") or {}
        points = whole(record.properties.get("points"))
        if record.properties.get("points") is None and reward in known:
            points = known[reward]["cost"]
        reason = self._refused(points, reward, known)
        if reason is None and points is not None:
            self.ledger.redeem(redemption, points, record.order_id)
            self.rewards[redemption] = reward
            return True
        told = {"redemption_id": redemption, "points": points, "reward": reward, "reason": reason}
        self.rejected.append(self._line(told))
        return False

    def _refused(self, points: int | None, reward: str | None, known: dict[str, Any]) -> str | None:
        if points is None or points <= 0:
            return "invalid_points"
        if known and reward is not None and reward not in known:
            return "unknown_reward"
        if reward in known and self.ladder.level >= 0:
            if not self._reached(known[reward]):
                return "tier"
            had = [one for id_, one in self.rewards.items() if one == reward and id_ not in self.ledger.returned]
            if len(had) >= known[reward].get("limit", len(had) + 1):
                return "reward_limit"
        return None if points <= self.ledger.balance else "insufficient_points"

    def _reached(self, reward: dict[str, Any]) -> bool:
        names = self.ladder.names
        return "tier" not in reward or names.index(reward["tier"]) <= self.ladder.held

    def offer(self) -> None:
        """Rewards that are within reach for the first time."""
        for name, reward in (self.entry.get("rewards") or {}).items():
            if name not in self.offered and self.ledger.balance >= reward["cost"] and self._reached(reward):
                self.offered.add(name)
                self.available.append(self._line({"reward": name, "cost": reward["cost"]}))

    def _line(self, told: dict[str, Any]) -> dict[str, Any]:
        ledger = self.ledger
        head = {"effective_at": ledger.now, "cause": ledger.cause, "programme": self.name, "balance": ledger.balance}
        return {**head, **told}
