"""Standings of two histories of one person in one programme put together (docs/rules.md, "Identity": points, tier)."""

from tests.oracle.bonuses import Bonuses
from tests.oracle.ledger import Lot
from tests.oracle.loyalty import Programme
from tests.oracle.orders import Order
from tests.oracle.segments import Facts


def meet(ours: Programme, theirs: Programme, facts: Facts, before: dict[str, Order]) -> None:
    """facts: of both, at the meeting. before: orders, as the side knew them that they are of."""
    ours.at(facts, None)
    if not (theirs.member or ours.member):
        return
    if not ours.member:
        ours.join(facts)
    _join_points(ours, theirs, _join_lots(ours, theirs))
    ours.redemptions.void |= theirs.redemptions.void
    ours.redemptions.rewards = theirs.redemptions.rewards | ours.redemptions.rewards
    ours.redemptions.offered |= theirs.redemptions.offered
    _join_bonuses(ours.bonuses, theirs.bonuses)
    ours.review.given = ours.review.given or theirs.review.given
    ours.review.refunds = ours.review.refunds or theirs.review.refunds
    for order in facts.orders.values():
        count = len(ours.ledger.lines)
        if order.order_id in ours.earned:
            told = before[order.order_id]
            if order.updated is not None and order.updated is not told.updated and not order.cancelled:
                ours.reprice(order.updated, order)
            ours.reverse(order)
        ours.take_back(order)
        for line in ours.ledger.lines[count:] if order.cancelled else ():
            # Of a cancellation that came before its order only the lot is known.
            line["order_id"] = None
    ours.ledger.pass_time()
    ours.confirmed(facts)
    ours.bonuses.look(facts)
    ours.measure(facts)
    ours.ladder.meet(theirs.ladder)
    ours.ladder.settle()
    ours.redemptions.offer()


def leave(programme: Programme, now: int) -> None:
    """Its points are another history's."""
    ledger = programme.ledger
    ledger.now, ledger.cause = now, None
    balance, pending, ledger.parcels = ledger.balance, ledger.pending, []
    ledger.post("merge", -balance, None, moves=(-balance, 0), expires=None)
    ledger.post("merge", -pending, None, moves=(0, -pending), expires=None)


def _join_lots(ours: Programme, theirs: Programme) -> list[Lot]:
    """Returns those for orders that ours was given points for: an order of both has earned once."""
    known = {lot.order_id for lot in (*ours.lots.values(), *ours.given) if lot.order_id is not None}
    doubles = [lot for lot in theirs.ledger.lots if lot.order_id in known]
    for lot in theirs.ledger.lots:
        if lot not in doubles:
            lot.number = len(ours.ledger.lots)
            ours.ledger.lots.append(lot)
    for name in ("lots", "earned", "refunds", "back", "seen"):
        setattr(ours, name, getattr(theirs, name) | getattr(ours, name))
    ours.given += [lot for lot in theirs.given if lot not in doubles]
    return doubles


def _join_points(ours_: Programme, theirs_: Programme, doubles: list[Lot]) -> None:
    """What may be spent of the one pays what the other owes. Points of doubles are taken off what is there."""
    ours, theirs = ours_.ledger, theirs_.ledger
    twice = sum(lot.net - lot.expired - lot.pending for lot in doubles)
    balance, owed = theirs.balance - min(twice, max(0, theirs.balance)), ours.balance
    pending = theirs.pending - sum(lot.pending for lot in doubles)
    if balance < 0:
        ours.take(-balance)
    left = max(0, balance)
    for parcel in sorted(theirs.parcels, key=lambda one: one.rank):
        points = 0 if parcel.lot in doubles else min(left, parcel.points)
        ours.add(parcel.lot, points, parcel.expires, owed)
        left, owed = left - points, owed + points
    ours.add(Lot(-1, 0), left, None, owed)
    ours.redeemed = theirs.redeemed | ours.redeemed
    ours.returned |= theirs.returned
    seen = [one for one in (ours.active, theirs.active) if one is not None]
    ours.active = max(seen, default=None)
    ours.post("merge", balance, None, moves=(balance, 0), expires=None)
    ours.post("merge", pending, None, moves=(0, pending), expires=None)


def _join_bonuses(ours: Bonuses, theirs: Bonuses) -> None:
    """What limits count is that of both."""
    for number, times in theirs.times.items():
        ours.times.setdefault(number, []).extend(times)
    for number, end in theirs.counted.items():
        ours.counted[number] = max(end, ours.counted.get(number, 0))
    ours.years = theirs.years | ours.years
    ours.first = ours.first or theirs.first
    ours.joined = min((one for one in (ours.joined, theirs.joined) if one is not None), default=None)
