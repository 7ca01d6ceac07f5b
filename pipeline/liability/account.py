"""The points of one shopper in one programme, added up from the entries that the outputs tell."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipeline.domain.value.share import shares
from pipeline.statement.audit import NOTHING, State, statement

# What an entry that moves the balance is of, where it names no earning rule.
ORDERS, BONUSES, BY_HAND = "orders", "bonuses", "by hand"
# What moved between two ids of one person; nothing over all shoppers, but for orders that both had.
MERGES = "merges"
# When points expire that are of an entry before those that are kept.
UNKNOWN = "unknown"
NEVER = ""
_EARNING = frozenset({"confirmed", "bonus", "adjusted", "reversed"})


@dataclass(slots=True)
class Parcel:
    """Points that can be spent. expires: an instant as the outputs write it, NEVER or UNKNOWN."""

    expires: str
    lot: str | None
    points: int


@dataclass(slots=True)
class Account:
    """whole: the first entry is the first there was. earned: what reached the balance, less what was taken back, by
    rule; earned - redeemed - expired is the balance, if whole.

    Points are spent in order of their ends, as the ledger spends them. Of what a cancelled redemption returned, only
    the earliest end is told: all of it is taken to end then.
    """

    whole: bool
    balance: int = 0
    pending: int = 0
    redeemed: int = 0
    expired: int = 0
    faults: int = 0
    earned: Counter[str] = field(default_factory=Counter)
    parcels: list[Parcel] = field(default_factory=list)
    _rules: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    _instant: str = ""
    _waiting: list[dict[str, Any]] = field(default_factory=list)

    def add(self, entry: dict[str, Any]) -> None:
        """Take one entry; entries come by time, those of one instant in any order."""
        if entry["effective_at"] != self._instant:
            self.settle()
            self._instant = entry["effective_at"]
        self._waiting.append(entry)

    def settle(self) -> None:
        """Book the entries of the latest instant."""
        if not self._waiting:
            return
        opening = State(self.balance, self.pending) if self.whole else None
        for number, step in enumerate(statement(self._waiting, opening)):
            if step.before is None:
                self.faults += 1
            elif number == 0 and not self.whole and step.before != NOTHING:
                self.balance, self.pending = step.before
                self._come_in(0, self.balance, UNKNOWN, None)
            self._book(step.entry)
        self.whole, self._waiting = True, []

    def _book(self, entry: dict[str, Any]) -> None:
        before, after, lot = self.balance, entry["balance"], entry["lot"]
        self.balance, self.pending = after, entry["pending"]
        kind, moved = entry["entry"], after - before
        if lot is not None and entry.get("rules"):
            self._rules[lot] = [(one["rule"], one["points"]) for one in entry["rules"]]
        if kind in _EARNING:
            self._earn(entry, moved)
        elif kind == "merge" and moved:
            self.earned[MERGES] += moved
        elif kind in ("redeemed", "returned"):
            self.redeemed -= moved
        elif kind == "expired":
            self.expired -= moved
        if moved > 0:
            self._come_in(before, after, entry["expires_at"] or NEVER, lot)
        else:
            self._go_out(max(before, 0) - max(after, 0), lot)

    def _earn(self, entry: dict[str, Any], moved: int) -> None:
        """To the rules of the entry's lot, by what each gave; in whole points."""
        if entry["lot"] is None:
            self.earned[BY_HAND] += moved
            return
        default = BONUSES if entry["entry"] == "bonus" else ORDERS
        parts = self._rules.get(entry["lot"]) or [(default, 1)]
        sign = -1 if moved < 0 else 1
        for (rule, _), part in zip(parts, shares(abs(moved), [points for _, points in parts]), strict=True):
            self.earned[rule] += sign * part

    def _come_in(self, before: int, after: int, expires: str, lot: str | None) -> None:
        """What is left after the debt is paid can be spent."""
        points = max(after, 0) - max(before, 0)
        if points:
            self.parcels.append(Parcel(expires, lot, points))

    def _go_out(self, points: int, lot: str | None) -> None:
        """Those of the entry's own lot first, then those that end first."""
        for parcel in sorted(self.parcels, key=lambda one: (lot is None or one.lot != lot, one.expires or "~")):
            part = min(points, parcel.points)
            parcel.points -= part
            points -= part
        self.parcels = [parcel for parcel in self.parcels if parcel.points]
