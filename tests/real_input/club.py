"""The club's ledger and tiers, booked by hand from a customer's history. Nothing of the engine.

A point for each whole pound of an order, times the multiplier of the tier before it, rounded down once. A refund takes
back the points of the lines that it returns; a line's part is rounded down over all its returns. The tier follows what
was spent, net, in the last 180 days.
"""

from typing import NamedTuple

from tests.real_input.invoice import Line, Order, Refund, give_back
from tests.real_input.membership import DAY

WINDOW = 180 * DAY
NAMES = ["bronze", "silver", "gold"]
FROM = [0, 1_000_00, 5_000_00]
KEEP = [0, 700_00, 4_000_00]
PER_CENT = [100, 125, 150]
# Lines are kept of so many latest orders; an older one is taken back by its money.
WITH_LINES = 100


class Entry(NamedTuple):
    """A line of the ledger: confirmed or reversed; balance after it."""

    entry: str
    points: int
    balance: int
    order: str
    at: int


class Change(NamedTuple):
    """A change of tier. value: pence that it was decided by."""

    change: str
    before: str
    to: str
    value: int
    at: int


class Part(NamedTuple):
    """An order's line: pieces, points that fell to it, pieces returned so far."""

    stock_code: str
    quantity: int
    points: int
    returned: list[int]


class Lot:
    """The points of one order."""

    def __init__(self, order: Order, points: int, number: int) -> None:
        self.order, self.points, self.number = order, points, number
        self.eligible = order.value
        self.reversed = 0
        self.parts = _share(order.lines, points)

    def take_back(self, refund: Refund, with_lines: bool) -> int:
        left = self.points - self.reversed
        if self.points and with_lines and any(part.points for part in self.parts):
            taken = min(left, sum(self._return(line) for line in refund.lines))
        elif self.eligible:
            taken = min(left, max(0, self.points * self.order.refunded // self.eligible - self.reversed))
        else:
            taken = 0
        self.reversed += taken
        return taken

    def _return(self, line: Line) -> int:
        pieces, points = -line.quantity, 0
        for part in self.parts:
            if part.stock_code == line.stock_code:
                before = part.returned[0]
                part.returned[0] = min(part.quantity, before + pieces)
                pieces -= part.returned[0] - before
                points += part.points * part.returned[0] // part.quantity - part.points * before // part.quantity
        return points


class Member:
    """One customer in the club. level: place in NAMES, -1 before the first order."""

    def __init__(self) -> None:
        self.level, self.balance = -1, 0
        self.entries: list[Entry] = []
        self.changes: list[Change] = []
        self._lots: list[Lot] = []
        self._promoted = (0, 0)

    def spend(self, now: int) -> int:
        return sum(lot.order.net for lot in self._lots if lot.order.time > now - WINDOW)

    def earned(self, now: int) -> int:
        return sum(lot.points - lot.reversed for lot in self._lots if lot.order.time > now - WINDOW)

    def buy(self, order: Order) -> None:
        if self.level < 0:
            self._move("joined", 0, 0, order.time)
        lot = Lot(order, order.value * PER_CENT[self.level] // 100_00, len(self._lots) + 1)
        self._lots.append(lot)
        self._book("confirmed", lot.points, order, order.time)
        self._settle(order.time)

    def give_back(self, refund: Refund) -> None:
        before = self.spend(refund.time)
        give_back(refund)
        if refund.order is None:
            return
        (lot,) = (lot for lot in self._lots if lot.order is refund.order)
        taken = lot.take_back(refund, len(self._lots) - lot.number < WITH_LINES)
        self._book("reversed", -taken, refund.order, refund.time)
        at, lots = self._promoted
        counted = at > 0 and lot.number <= lots and lot.order.time > at - WINDOW
        after = self.spend(refund.time)
        if counted and self.level > 0 and before >= FROM[self.level] > after:
            qualified = max(level for level, start in enumerate(FROM) if after >= start)
            self._move("downgraded", min(qualified, self.level - 1), after, refund.time)
        else:
            self._settle(refund.time)

    def pass_time(self, now: int) -> None:
        value = self.spend(now)
        while self.level > 0 and value < KEEP[self.level]:
            self._move("downgraded", self.level - 1, value, now)

    def _settle(self, now: int) -> None:
        value = self.spend(now)
        qualified = max(level for level, start in enumerate(FROM) if value >= start)
        if qualified > self.level:
            self._move("upgraded", qualified, value, now)
        else:
            self.pass_time(now)

    def _move(self, change: str, to: int, value: int, now: int) -> None:
        self.changes.append(Change(change, "" if self.level < 0 else NAMES[self.level], NAMES[to], value, now))
        self.level = to
        self._promoted = (now, len(self._lots)) if change == "upgraded" else (0, 0)

    def _book(self, entry: str, points: int, order: Order, at: int) -> None:
        if points:
            self.balance += points
            self.entries.append(Entry(entry, points, self.balance, order.number, at))


def follow(history: list[Order | Refund], end: int) -> Member:
    """The customer's membership up to `end` (ms)."""
    member = Member()
    ends = sorted((order.time + WINDOW for order in history if isinstance(order, Order)), reverse=True)
    for event in history:
        while ends and ends[-1] <= event.time:
            member.pass_time(ends.pop())
        if isinstance(event, Order):
            member.buy(event)
        else:
            member.give_back(event)
    while ends and ends[-1] <= end:
        member.pass_time(ends.pop())
    return member


def _share(lines: list[Line], points: int) -> list[Part]:
    """Points by amount, what is left over to the largest remainders, the first lines first."""
    amounts = [line.quantity * line.price for line in lines]
    total = sum(amounts)
    if not total:
        return []
    shares = [points * amount // total for amount in amounts]
    by_remainder = sorted(range(len(lines)), key=lambda at: -(points * amounts[at] % total))
    for at in by_remainder[: points - sum(shares)]:
        shares[at] += 1
    return [Part(line.stock_code, line.quantity, share, [0]) for line, share in zip(lines, shares, strict=True)]
