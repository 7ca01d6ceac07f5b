"""What a programme remembers of the bonuses of one shopper."""

import msgspec

from pipeline.domain.value.instant import soonest


class Introduced(msgspec.Struct, array_like=True, gc=False):
    """A referral that this shopper is the friend of. friend: what the referrer's record knows the shopper by, though
    the id be another now. rule: its key. told: when the first order is confirmed, ms, by what the referrer was told."""

    referrer: str
    friend: int
    rule: int
    told: int = 0


class Expected(msgspec.Struct, array_like=True, gc=False):
    """A friend who was referred by this shopper, and has no confirmed order yet. friend: fingerprint. rule: its key.
    time: of the referral. confirms: when the first order is to be confirmed, ms, 0 = there is none. held: for review.
    """

    friend: int
    rule: int
    time: int
    confirms: int = 0
    held: bool = False


class BonusBook(msgspec.Struct, array_like=True, gc=False):
    """Kept only by programmes with bonuses. Rules by their key (limit.py); instants in ms, 0 = none.

    granted: what each rule granted, see limit.py. days: (next due, its year, year last granted) of each rule of a day.
    due: the earliest of them. joined: when the shopper joined. first: key of the first order. missions: end of the last
    period that counted. waiting: (key, event time), flat, of referrals that wait for this shopper's first confirmed
    order; confirms: when it is; introduced: by whom, in the same order. friends: fingerprints of those who were paid
    for, the latest; expected: of whom nothing is paid yet; pays: when the first of them is. of_orders: (order key,
    lot's time and number), flat, of bonuses that orders earned, the latest. recent, refunds, origins: see review.py.
    """

    granted: dict[int, list[int]] = {}
    days: dict[int, list[int]] = {}
    due: int = 0
    joined: int = 0
    first: int = 0
    missions: dict[int, int] = {}
    waiting: list[int] = []
    confirms: int = 0
    friends: list[int] = []
    of_orders: list[int] = []
    recent: list[int] = []
    refunds: list[int] = []
    origins: dict[int, list[int]] = {}
    introduced: list[Introduced] = []
    expected: list[Expected] = []
    pays: int = 0

    def next_due(self) -> int:
        """The earliest instant that anything here waits for, ms; 0 = none."""
        return soonest(self.due, self.confirms, self.pays)
