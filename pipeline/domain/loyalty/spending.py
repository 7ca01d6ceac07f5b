"""Spending: how points go and come back that no order moves."""

from pipeline.domain.decision import Moment
from pipeline.domain.loyalty.account import Accounts
from pipeline.domain.loyalty.purse import parts_of, put, put_back, take
from pipeline.domain.shopping import Standing


class Spending:
    """The spending of one programme: entries of its accounts."""

    __slots__ = ("_accounts",)

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def spend(self, standing: Standing, points: int, time: int, order_id: str, moment: Moment) -> list[int]:
        """Redeem points, of which there are enough; where they came from, as Redemption.parts. time: of the event."""
        self._accounts.expiry.extend(standing, time)
        parts = take(standing, points)
        self._accounts.entries.post(standing, "redeemed", -points, moment, order_id=order_id or None, balance=-points)
        return parts

    def give_back(self, standing: Standing, parts: list[int], time: int, moment: Moment) -> None:
        """Return redeemed points to their lots, which keep their instant, but for MINIMUM (expiry.py) at the least."""
        self._accounts.expiry.extend(standing, time)
        back = [
            (self._accounts.expiry.anew(standing, expires, lot, moment.now), lot, number, points)
            for expires, lot, number, points in parts_of(parts)
        ]
        put_back(standing, back)
        points = sum(part[-1] for part in back)
        soonest = min((expires for expires, *_ in back if expires), default=0)
        self._accounts.entries.post(standing, "returned", points, moment, expires_at=soonest, balance=points)

    def correct(self, standing: Standing, points: int, time: int, moment: Moment) -> None:
        """Post what somebody adds (a lot of no order, from `time` on) or takes (as if spent) by hand."""
        expires = 0
        if points > 0:
            self._accounts.expiry.extend(standing, time)
            expires = self._accounts.expiry.of_lot(standing, time)
            put(standing, points, self._accounts.expiry.kept_until(standing, time), time, 0)
        else:
            points = -min(-points, max(0, standing.balance)) if self._accounts.floor else points
            take(standing, -points)
        self._accounts.entries.post(standing, "adjusted", points, moment, expires_at=expires, balance=points)
