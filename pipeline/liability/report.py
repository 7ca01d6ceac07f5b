"""The liability of programmes: all accounts and tiers, from the lines of `loyalty-points` and `loyalty-tiers`."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.value.instant import in_zone, parse_instant
from pipeline.liability.account import NEVER, UNKNOWN, Account

_MILLION = 1_000_000
_WARNINGS = frozenset({"will_downgrade"})


class Liability:
    """whole: the lines go back to the beginning. zone: of the shop, whose months are told."""

    def __init__(self, zone: ZoneInfo, *, whole: bool) -> None:
        self._zone, self._whole = zone, whole
        self._accounts: dict[tuple[str, str], Account] = {}
        self._tiers: dict[tuple[str, str], str] = {}
        self._movement: dict[str, Counter[tuple[str, str]]] = {}
        self._instant: dict[tuple[str, str], tuple[str, list[dict[str, Any]]]] = {}

    def add_points(self, entries: Iterable[dict[str, Any]]) -> None:
        """Take lines of `loyalty-points`; each shopper's by time."""
        for entry in entries:
            key = (entry["programme"], entry["shopper"])
            account = self._accounts.get(key)
            if account is None:
                account = self._accounts[key] = Account(self._whole)
            account.add(entry)

    def add_tiers(self, changes: Iterable[dict[str, Any]]) -> None:
        """Take lines of `loyalty-tiers`; each shopper's by time, those of one instant in any order."""
        for change in changes:
            if change["change"] in _WARNINGS:
                continue
            key = (change["programme"], change["shopper"])
            instant, waiting = self._instant.get(key, ("", []))
            if instant != change["effective_at"]:
                self._move(key, waiting)
                waiting = []
                self._instant[key] = (change["effective_at"], waiting)
            waiting.append(change)

    def _move(self, key: tuple[str, str], changes: list[dict[str, Any]]) -> None:
        """Changes of one instant lead from one to the next."""
        moved = self._movement.setdefault(key[0], Counter())
        rest = list(changes)
        while rest:
            held = self._tiers.get(key)
            following = next((one for one in rest if one["from"] == held), rest[0])
            rest.remove(following)
            self._tiers[key] = following["to"]
            if following["from"] != following["to"]:
                moved[(following["from"] or "", following["to"])] += 1

    def data(self) -> dict[str, Any]:
        """By programme; `outstanding` by the month in which points end, in the shop's zone. Whole points; `breakage` is
        what expired of what was ever to be spent, in millionths."""
        for key, (_, waiting) in self._instant.items():
            self._move(key, waiting)
        self._instant = {}
        for account in self._accounts.values():
            account.settle()
        names = {name for name, _ in self._accounts} | {name for name, _ in self._tiers}
        return {"programmes": {name: self._programme(name) for name in sorted(names)}}

    def _programme(self, programme: str) -> dict[str, Any]:
        accounts = [one for (name, _), one in self._accounts.items() if name == programme]
        earned: Counter[str] = Counter()
        outstanding: Counter[str] = Counter()
        for account in accounts:
            earned.update(account.earned)
            for parcel in account.parcels:
                outstanding[self._month(parcel.expires)] += parcel.points
        expired, issued = sum(one.expired for one in accounts), sum(earned.values())
        tiers = Counter(tier for (name, _), tier in self._tiers.items() if name == programme)
        moved = self._movement.get(programme, Counter())
        return {
            "accounts": len(accounts),
            "outstanding": dict(sorted(outstanding.items())),
            "balance": sum(max(0, one.balance) for one in accounts),
            "debt": sum(max(0, -one.balance) for one in accounts),
            "pending": sum(one.pending for one in accounts),
            "earned": dict(sorted(earned.items())),
            "redeemed": sum(one.redeemed for one in accounts),
            "expired": expired,
            "breakage": expired * _MILLION // issued if issued > 0 else 0,
            "members": dict(sorted(tiers.items())),
            "movement": [{"from": a or None, "to": b, "members": n} for (a, b), n in sorted(moved.items())],
            "faults": sum(one.faults for one in accounts),
        }

    def _month(self, expires: str) -> str:
        if expires == NEVER:
            return "never"
        instant = parse_instant(expires)
        if expires == UNKNOWN or instant is None:
            return UNKNOWN
        # The end of a month is the first instant of the next (readings.md, 42): points last until right before it.
        return f"{in_zone(instant - 1, self._zone):%Y-%m}"
