"""Signs of fraud: what a programme holds back until somebody has looked at it."""

from collections.abc import Iterator
from typing import Any

import xxhash

from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.commerce.order import identifier
from pipeline.domain.decision import Moment
from pipeline.domain.event import Event
from pipeline.domain.loyalty.account import Accounts
from pipeline.domain.loyalty.limit import admits, remember
from pipeline.domain.loyalty.lot import lot_name, lot_numbered
from pipeline.domain.loyalty.waiting import let_go
from pipeline.domain.loyalty_definition import REVIEW_RELEASED, Limit, Review
from pipeline.domain.shopping import Lot, Standing, Waiting
from pipeline.domain.value.instant import DAY

NO_REVIEW = Review()

NOTHING_HELD = "nothing_to_review"
HELD_POINTS = "held_points_per_day"
HELD_REFUNDS = "held_refunds"
HELD_REFERRALS = "held_referrals"

# Grants of a day that are remembered one by one; of more, the oldest are added up, and count as the later one.
GRANTS = 100
# Devices and addresses that are remembered of one referrer's friends; beyond it the one seen longest ago goes.
ORIGINS = 200


class Signs:
    """The signs of one programme. Each tells the remark under which points are held and counted, or None."""

    __slots__ = ("_review",)

    def __init__(self, review: Review | None) -> None:
        self._review = review or NO_REVIEW

    def __bool__(self) -> bool:
        return self._review is not NO_REVIEW

    def of(self, book: BonusBook, points: int, now: int) -> str | None:
        """Whether `points`, to be given at `now` (ms), are to be held: then they count for no later one."""
        refunds = self._review.refunds
        if refunds is not None and _times(book.refunds, now, refunds) > refunds.times:
            return HELD_REFUNDS
        most = self._review.points_per_day
        if not most:
            return None
        recent = [each for each in zip(book.recent[::2], book.recent[1::2], strict=True) if each[0] > now - DAY]
        if sum(given for _, given in recent) + points > most:
            return HELD_POINTS
        recent.append((now, points))
        if len(recent) > GRANTS:
            (_, oldest), (at, next_oldest) = recent[:2]
            recent[:2] = [(at, oldest + next_oldest)]
        book.recent = [number for each in recent for number in each]
        return None

    def refunded(self, book: BonusBook, now: int) -> None:
        """Count a refund or a cancellation."""
        refunds = self._review.refunds
        if refunds is not None:
            book.refunds = [*book.refunds, now][-1 - refunds.times :]

    def of_referral(self, book: BonusBook, event: Event) -> str | None:
        """Whether a friend comes with a device or from an address that too many friends came with; it is counted."""
        held = False
        limits = (self._review.referrals_per_device, self._review.referrals_per_address)
        for kind, limit, origin in zip(("device", "address"), limits, event.origin, strict=True):
            if limit is None or not origin:
                continue
            key = xxhash.xxh3_64_intdigest(f"{kind} {origin}".encode())
            seen = book.origins.pop(key, [])
            if admits(seen, event.time, limit):
                seen = remember(seen, event.time, limit)
            else:
                held = True
            book.origins = dict([*book.origins.items(), (key, seen)][-ORIGINS:])
        return HELD_REFERRALS if held else None


def look_at_held(
    accounts: Accounts, standing: Standing, event: Event, properties: dict[str, Any], moment: Moment
) -> None:
    """Somebody has looked at what is held, of one lot or of all: let it go, to be confirmed once its time has passed,
    or take it back. Remark: NOTHING_HELD."""
    named = identifier(properties.get("lot"))
    found = [(lot, waiting) for lot, waiting in _held(standing) if named in ("", lot_name(lot))]
    if not found:
        moment.remarks.append(NOTHING_HELD)
    for lot, waiting in found:
        if event.name == REVIEW_RELEASED:
            standing.earned += let_go(standing, lot)
        else:
            accounts.take_back(standing, lot, waiting.points, waiting.order_id, moment, held=True)


def _held(standing: Standing) -> Iterator[tuple[Lot, Waiting]]:
    for waiting in list(standing.purse.waiting) if standing.purse is not None else ():
        lot = lot_numbered(standing, waiting.time, waiting.number) if waiting.held else None
        if lot is not None:
            yield lot, waiting


def _times(refunds: list[int], now: int, limit: Limit) -> int:
    return len(refunds) if limit.within is None else sum(1 for at in refunds if at > now - limit.within)
