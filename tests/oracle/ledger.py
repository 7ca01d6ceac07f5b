"""The points of one shopper in one programme, as entries: balance and pending are added up from them each time.

What can be spent lies in parcels, each of a lot and with an end of its own (readings.md, 41, 42, 44, 53, 55).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.calendar import end_of, later
from tests.oracle.values import DAY, span

SHORTEST_RETURN = 7 * DAY
"""What comes back from a cancelled redemption lasts so long at the least (semantics.md, 6)."""


@dataclass(eq=False)
class Lot:
    """Points with one cause. number: in order of booking. demanded: what refunds have asked back, cumulative.

    net: posted earnings less posted reversals. taken, expired, forgiven: what answers the demand.
    pending: not confirmed yet, of which `held` are under review. bonus: not what a rate gave.
    """

    number: int
    time: int
    order_id: str | None = None
    confirm_at: int | None = None
    expires: int | None = None
    worth: int = 0
    net: int = 0
    taken: int = 0
    expired: int = 0
    forgiven: int = 0
    pending: int = 0
    held: int = 0
    bonus: bool = False

    @property
    def rest(self) -> int:
        """What it may lose yet."""
        return self.worth - self.taken - self.expired - self.forgiven - self.pending


@dataclass
class Parcel:
    lot: Lot
    points: int
    expires: int | None

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """Order of redemption: earliest end, then event time, then entry."""
        return self.expires is None, self.expires or 0, self.lot.time, self.lot.number


@dataclass
class Ledger:
    """Rules are those of the programme's entry in the topology; zone is the shop's."""

    name: str
    entry: dict[str, Any]
    zone: str
    lots: list[Lot] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    redeemed: dict[str, list[Parcel]] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    moves: list[tuple[int, int]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    active: int | None = None
    now: int = 0
    cause: str | None = None

    @property
    def balance(self) -> int:
        return sum(move for move, _ in self.moves)

    @property
    def pending(self) -> int:
        return sum(move for _, move in self.moves)

    @property
    def _expiry(self) -> dict[str, Any]:
        return self.entry.get("expire") or {}

    def post(self, entry: str, points: int, lot: Lot | None, *, moves: tuple[int, int], expires: int | None) -> None:
        if points == 0:
            return
        self.moves.append(moves)
        self.lines.append(
            {
                "effective_at": self.now,
                "cause": self.cause,
                "programme": self.name,
                "entry": entry,
                "points": points,
                "balance": self.balance,
                "pending": self.pending,
                "order_id": lot.order_id if lot else None,
                "expires_at": expires,
            }
        )
        spendable = sum(parcel.points for parcel in self.parcels)
        assert max(self.balance, 0) == spendable, (entry, self.balance, spendable)

    # What comes in.

    def open(self, time: int, order_id: str | None = None, *, confirmed: bool = False) -> Lot:
        """A lot of what happened at `time`, without points yet."""
        lot = Lot(len(self.lots), time, order_id)
        hold = None if confirmed else self.entry.get("confirm_after")
        lot.confirm_at = 0 if hold is None else later(time, hold, self.zone)
        if "after" in self._expiry:
            lot.expires = self._end(later(time, self._expiry["after"], self.zone))
        self.lots.append(lot)
        return lot

    def earn(self, lot: Lot, points: int, entry: str = "confirmed", *, held: bool = False) -> None:
        """Post what a lot earns: pending until its hold is over, or somebody has looked at it."""
        lot.worth, lot.net = lot.worth + points, lot.net + points
        if held or lot.held:
            lot.held += points
            lot.pending += points
            self.post("pending_review" if held else entry, points, lot, moves=(0, points), expires=lot.expires)
        elif lot.confirm_at is not None and lot.confirm_at > self.now:
            lot.pending += points
            self.post("pending" if entry == "confirmed" else entry, points, lot, moves=(0, points), expires=lot.expires)
        else:
            if entry == "adjusted":
                self.touch(self.now)
            self.add(lot, points, lot.expires, self.balance)
            self.post(entry, points, lot, moves=(points, 0), expires=lot.expires)

    def add(self, lot: Lot, points: int, expires: int | None, balance: int) -> None:
        """Into a parcel what is left after the debt is paid."""
        left = points - min(points, max(0, -balance))
        if left:
            self.parcels.append(Parcel(lot, left, expires))

    def touch(self, time: int) -> None:
        """Something happened that puts expiry by inactivity off."""
        self.active = time if self.active is None else max(self.active, time)

    # What goes out.

    def take(self, points: int, own: Lot | None = None) -> list[Parcel]:
        """Parcels that make up to `points`: those of `own` first, then in order of redemption."""
        taken = []
        for parcel in sorted(self.parcels, key=lambda one: (one.lot is not own, one.rank)):
            part = min(points, parcel.points)
            if part:
                parcel.points -= part
                points -= part
                taken.append(Parcel(parcel.lot, part, parcel.expires))
        self.parcels = [parcel for parcel in self.parcels if parcel.points]
        return taken

    def _bounded(self, points: int) -> int:
        """What of a demand is taken: all, into debt, or what is there."""
        if self.entry.get("refunds", "negative_allowed") == "negative_allowed":
            return points
        return min(points, max(0, self.balance))

    def demand(self, lot: Lot, asked: int, entry: str = "reversed") -> int:
        """Take back so that a lot has lost `asked` in all; what expired of it counts as lost. Returns what it posts."""
        points = max(0, asked - lot.expired - lot.taken - lot.forgiven)
        waited = min(points, lot.pending)
        lot.pending -= waited
        lot.held -= min(waited, lot.held)
        self.post(entry, -waited, lot, moves=(0, -waited), expires=None)
        posted = self._bounded(points - waited)
        lot.forgiven += points - waited - posted
        self.take(posted, lot)
        self.post(entry, -posted, lot, moves=(-posted, 0), expires=None)
        lot.taken += waited + posted
        lot.net -= waited + posted
        return waited + posted

    def reject(self, lot: Lot) -> None:
        """Take back what is held of a lot."""
        self.demand(lot, lot.expired + lot.taken + lot.forgiven + lot.held)

    def reprice(self, lot: Lot, worth: int, asked: int, *, held: bool = False) -> None:
        """An order has another price. A lower one asks the difference back, on top of the `asked` of refunds; what a
        higher one adds may be `held`."""
        if worth > lot.worth:
            self.earn(lot, worth - lot.worth, "adjusted", held=held)
        else:
            taken, forgiven = lot.taken, lot.forgiven
            self.demand(lot, min(lot.worth, asked + lot.worth - worth), "adjusted")
            lot.taken, lot.forgiven = taken, forgiven
            # What had expired, and no refund has come for, answers the price.
            lot.expired -= min(lot.worth - worth, max(0, lot.expired - max(0, asked - taken - forgiven)))
        # As with the money of a refund: what is lost is never more than the order is worth.
        lot.worth, lot.taken = worth, min(lot.taken, worth)
        lot.expired = min(lot.expired, worth - lot.taken)
        lot.forgiven = min(lot.forgiven, worth - lot.taken - lot.expired)

    def redeem(self, redemption: str, points: int, order_id: str | None) -> None:
        """order_id: of the order that they pay."""
        self.redeemed[redemption] = self.take(points)
        self.post("redeemed", -points, None, moves=(-points, 0), expires=None)
        self.lines[-1]["order_id"] = order_id

    def give_back(self, redemption: str) -> bool:
        """Whether it was not given back before."""
        if redemption in self.returned:
            return False
        self.returned.add(redemption)
        parcels = [
            Parcel(one.lot, one.points, one.expires and max(one.expires, self.now + SHORTEST_RETURN))
            for one in self.redeemed[redemption]
        ]
        points, balance = sum(one.points for one in parcels), self.balance
        for one in parcels:
            self.add(one.lot, one.points, one.expires, balance)
            balance += one.points
        ends = [one.expires for one in parcels if one.expires is not None]
        self.post("returned", points, None, moves=(points, 0), expires=min(ends, default=None))
        return True

    def adjust(self, time: int, points: int) -> None:
        if points > 0:
            lot = self.open(time, confirmed=True)
            self.add(lot, points, lot.expires, self.balance)
            self.post("adjusted", points, None, moves=(points, 0), expires=lot.expires)
        else:
            posted = self._bounded(-points)
            self.take(posted)
            self.post("adjusted", -posted, None, moves=(-posted, 0), expires=None)

    # What time does.

    def _end(self, instant: int) -> int:
        return end_of(instant, self._expiry.get("at"), self.zone)

    def _deadline(self) -> int | None:
        """When inactivity ends it all."""
        if "inactive" not in self._expiry or self.active is None or self.balance <= 0:
            return None
        return self._end(later(self.active, self._expiry["inactive"], self.zone))

    def _ends(self) -> dict[int, int]:
        """Instants at which something expires, and how much."""
        if "inactive" in self._expiry:
            deadline = self._deadline()
            return {} if deadline is None else {deadline: self.balance}
        found: dict[int, int] = {}
        for parcel in self.parcels:
            if parcel.expires is not None:
                found[parcel.expires] = found.get(parcel.expires, 0) + parcel.points
        return found

    def instants(self) -> Iterable[int]:
        """Every instant at which time alone may do something."""
        for lot in self.lots:
            if lot.pending > lot.held and lot.confirm_at is not None:
                yield lot.confirm_at
        for end in self._ends():
            yield end
            for notice in self._expiry.get("notices", []):
                yield end - span(notice)

    def pass_time(self) -> bool:
        """What is confirmed, then what expires, at `now`. Returns whether anything was confirmed."""
        confirmed = False
        due = [lot for lot in self.lots if lot.pending > lot.held and (lot.confirm_at or 0) <= self.now]
        for lot in sorted(due, key=lambda one: (one.confirm_at or 0, one.number)):
            points, lot.pending = lot.pending - lot.held, lot.held
            self.add(lot, points, lot.expires, self.balance)
            self.post("confirmed", points, lot, moves=(points, -points), expires=lot.expires)
            self.touch(self.now)
            confirmed = True
        self._expire()
        return confirmed

    def _expire(self) -> None:
        if "inactive" in self._expiry:
            deadline = self._deadline()
            gone = self.parcels if deadline is not None and deadline <= self.now else []
        else:
            gone = [one for one in self.parcels if one.expires is not None and one.expires <= self.now]
        points = sum(one.points for one in gone)
        for one in gone:
            # Of a lot that lost everything meanwhile, others have paid for what came back to it.
            one.lot.expired += min(one.points, one.lot.rest)
        self.parcels = [one for one in self.parcels if one not in gone]
        self.post("expired", -points, None, moves=(-points, 0), expires=self.now)

    def give_notice(self) -> None:
        for end, points in sorted(self._ends().items()):
            for notice in dict.fromkeys(map(span, self._expiry.get("notices", []))):
                if end - notice == self.now:
                    self.post("expiring", -points, None, moves=(0, 0), expires=end)
