"""Accounts: how points come in, wait, are confirmed, and are taken back, each step an entry of the ledger.

Points go one way: pending, if the programme confirms them later; confirmed; then spent, expired or taken back. Which
lot each of them is of is told by lot.py, which go first by purse.py.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import xxhash

from pipeline.domain.commerce.order import kept_id
from pipeline.domain.decision import Moment
from pipeline.domain.loyalty.entry import Entries
from pipeline.domain.loyalty.expiry import Expiry
from pipeline.domain.loyalty.lot import add_lot, bounded, left_of, lot_at, lot_numbered
from pipeline.domain.loyalty.purse import put, take
from pipeline.domain.loyalty.waiting import wait, waiting_of, withdraw
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopping import Lot, Standing, Waiting
from pipeline.domain.value.instant import soonest


class Accounts:
    """The accounts of one programme. Balance = sum of its entries; what a lot lost never exceeds what it earned.

    floor: nothing that is taken leaves less than 0 points.
    """

    __slots__ = ("_hold", "entries", "expiry", "floor")

    def __init__(self, programme: ProgrammeDefinition, zone: ZoneInfo) -> None:
        self._hold = programme.confirm_after
        self.floor = programme.refunds == "floor_zero"
        self.entries = Entries(programme)
        self.expiry = Expiry(programme.expire, zone, self.entries, programme.looks_back)

    def open(self, standing: Standing) -> None:
        """A shopper comes into the programme."""
        self.expiry.begin(standing)

    def adapt(self, standing: Standing, now: int) -> None:
        """Fit a standing to a programme that was changed at `now`. No entry is rewritten (semantics.md, part 6)."""
        self.expiry.adapt(standing, now)
        self._set_due(standing, now)

    def look(self, standing: Standing, now: int) -> None:
        """An event comes in: notices of what it makes expire are given from `now` on. To be called before it."""
        if standing.purse is not None:
            standing.purse.looked = now

    def advance(self, standing: Standing, moment: Moment) -> bool:
        """Do what is due by now: confirm points, expire them, give notice of that. Whether any were confirmed."""
        purse = standing.purse
        if purse is None:
            return False
        confirmed = [one for one in purse.waiting if one.confirms <= moment.now and not one.held]
        if confirmed:
            # Of what comes in now, notices are given from now on.
            purse.looked = max(purse.looked, moment.now - 1)
        for waiting in confirmed:
            purse.waiting.remove(waiting)
            self._confirm(standing, waiting, moment)
        self.expiry.run(standing, purse, moment)
        self._set_due(standing, moment.now)
        return bool(confirmed)

    def new_lot(self, standing: Standing, lot: Lot) -> Lot:
        """Number a lot and give it its place; `receive` posts its points."""
        standing.lots_taken += 1
        lot.number = standing.lots_taken
        add_lot(standing, lot)
        self.expiry.extend(standing, lot.time)
        return lot

    def receive(
        self,
        standing: Standing,
        lot: Lot,
        entry: str,
        order_id: str,
        moment: Moment,
        *,
        at_once: bool = False,
        held: bool = False,
    ) -> None:
        """Post the points of a new lot as `entry`; at first as pending, if the programme confirms them later, unless
        `at_once`, or as pending review, if they are `held`."""
        confirms = 0 if at_once else self._confirms(lot)
        if not held:
            standing.earned += lot.points
        if (held or confirms > moment.now) and lot.points:
            entry = "pending_review" if held else "pending"
            self._wait(standing, lot, lot.points, entry, order_id, moment, confirms, held=held)
        else:
            self._credit(standing, lot, lot.points, entry, order_id, moment)

    def grant(
        self, standing: Standing, points: int, source: str, moment: Moment, time: int, order_id: str = "",
        *, held: bool = False,
    ) -> Lot | None:  # fmt: skip
        """Post a bonus of a lot of its own, confirmed at once (readings.md, 43); None if `source` had one before.

        source: what tells the bonus from all others of the shopper in this programme, as rule and message id.
        time: of its event, ms, which its expiry and the metric count from. order_id: of the order that it is for.
        held: it waits until somebody has looked at it (review.py).
        """
        key = xxhash.xxh3_64_intdigest(f"bonus\x00{source}".encode())
        if points <= 0 or lot_at(standing, time, key) is not None:
            return None
        lot = self.new_lot(standing, Lot(key, time, bounded(points, moment)))
        self.receive(standing, lot, "bonus", order_id, moment, at_once=True, held=held)
        return lot

    def take_back(
        self, standing: Standing, lot: Lot, asked: int, order_id: str, moment: Moment, *, held: bool = False
    ) -> None:
        """Take `asked` points of a lot back, at most `left_of(lot)`: from what waits of it, then from the balance.
        What expired counts as taken already (readings.md, 41), unless they are asked of what is `held`."""
        gone = 0 if held else min(asked, lot.expired)
        lot.expired -= gone
        points = self._debit(standing, lot, asked - gone, "reversed", order_id, moment)
        lot.reversed += points
        lot.forgone += asked - points
        if left_of(lot) == 0:
            lot.lines = []

    def reprice(
        self,
        standing: Standing,
        lot: Lot,
        points: int,
        order_id: str,
        moment: Moment,
        hold: Callable[[int], bool] | None = None,
    ) -> None:
        """Post what a new price adds to a lot, which is worth `points` by it, or takes from it. What refunds asked for
        stays asked for; what expired counts as taken already. hold: asked of what is added whether it is held; it is
        with what is held of the lot already."""
        left, kept = max(0, points - (lot.points - left_of(lot))), lot.points - lot.reversed
        moved = left - left_of(lot)
        if moved < 0:
            gone = min(-moved, lot.expired)
            lot.expired -= gone
            moved = -self._debit(standing, lot, -moved - gone, "adjusted", order_id, moment)
        else:
            self._add(standing, lot, moved, order_id, moment, hold)
        # The metric counts what was posted, refunds go by the new price.
        lot.points, lot.reversed = points, points - kept - moved
        lot.forgone = kept + moved - left

    def _add(
        self,
        standing: Standing,
        lot: Lot,
        points: int,
        order_id: str,
        moment: Moment,
        hold: Callable[[int], bool] | None,
    ) -> None:
        confirms, waiting = self._confirms(lot), waiting_of(standing, lot, held=True)
        held = waiting is None and hold is not None and points > 0 and hold(points)
        if not held and waiting is None:
            standing.earned += points
            waiting = waiting_of(standing, lot, held=False)
        if waiting is not None:
            waiting.points += points
            self._post_of(standing, lot, "adjusted", points, order_id, moment, pending=points)
        elif points and (held or confirms > moment.now):
            entry = "pending_review" if held else "adjusted"
            self._wait(standing, lot, points, entry, order_id, moment, confirms, held=held)
        elif points:
            self.expiry.extend(standing, moment.now)
            self._credit(standing, lot, points, "adjusted", order_id, moment)

    def _confirms(self, lot: Lot) -> int:
        return 0 if self._hold is None else lot.time + self._hold

    def _wait(
        self,
        standing: Standing,
        lot: Lot,
        points: int,
        entry: str,
        order_id: str,
        moment: Moment,
        confirms: int,
        *,
        held: bool = False,
    ) -> None:
        wait(standing, Waiting(lot.number, lot.time, points, confirms, kept_id(order_id), held))
        self._post_of(standing, lot, entry, points, order_id, moment, pending=points)

    def _credit(self, standing: Standing, lot: Lot, points: int, entry: str, order_id: str, moment: Moment) -> None:
        put(standing, points, self.expiry.kept_until(standing, lot.time), lot.time, lot.number)
        self._post_of(standing, lot, entry, points, order_id, moment, balance=points)

    def _confirm(self, standing: Standing, waiting: Waiting, moment: Moment) -> None:
        points, expires = waiting.points, self.expiry.of_lot(standing, waiting.time)
        self.expiry.extend(standing, moment.now)
        put(standing, points, self.expiry.kept_until(standing, waiting.time), waiting.time, waiting.number)
        lot = lot_numbered(standing, waiting.time, waiting.number)
        self.entries.post(
            standing,
            "confirmed",
            points,
            moment,
            lot=lot,
            order_id=waiting.order_id or None,
            expires_at=expires,
            balance=points,
            pending=-points,
        )

    def _debit(self, standing: Standing, lot: Lot, points: int, entry: str, order_id: str, moment: Moment) -> int:
        """Post -`points` of the lot from what waits of it, then from the balance, an entry each; how many they were:
        `floor_zero` does not take the balance below zero."""
        held, pending = withdraw(standing, lot, points)
        waited = held + pending
        self._post_of(standing, lot, entry, -waited, order_id, moment, pending=-waited)
        points -= waited
        if self.floor:
            points = min(points, max(0, standing.balance))
        take(standing, points, lot.number)
        standing.earned -= pending + points
        self._post_of(standing, lot, entry, -points, order_id, moment, balance=-points)
        return waited + points

    def _post_of(
        self,
        standing: Standing,
        lot: Lot,
        entry: str,
        points: int,
        order_id: str,
        moment: Moment,
        *,
        balance: int = 0,
        pending: int = 0,
    ) -> None:
        expires = self.expiry.of_lot(standing, lot.time)
        self.entries.post(
            standing,
            entry,
            points,
            moment,
            lot=lot,
            order_id=order_id or None,
            expires_at=expires if points > 0 else 0,
            balance=balance,
            pending=pending,
        )

    def _set_due(self, standing: Standing, now: int) -> None:
        purse = standing.purse
        if purse is None:
            return
        confirms = next((one.confirms for one in purse.waiting if not one.held), 0)
        expires = self.expiry.due(standing, purse, now)
        purse.due = soonest(confirms, expires)
