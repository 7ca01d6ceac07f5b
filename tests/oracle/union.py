"""Two histories of one person made one, feature by feature (semantics.md, 2; docs/rules.md, "Identity")."""

from typing import Any

from tests.oracle import consent, standings
from tests.oracle.abandonment import Abandonment
from tests.oracle.carts import carts, meet
from tests.oracle.history import Record
from tests.oracle.instances import CHECKOUTS, PRODUCTS, SUPERSEDED, Instance
from tests.oracle.oracle import History
from tests.oracle.orders import orders
from tests.oracle.segments import Facts
from tests.oracle.sides import meeting
from tests.oracle.values import Shop


def take_over(user: History, device: History, claim: Record) -> None:
    """Have the user's history go on with all that a device came to. Both have come to the time of the claim."""
    now, met = claim.received, meeting(device.shopper, user.shopper, claim)
    told = {id(line) for lines in user.lines().values() for line in lines}
    known = user.known()
    user.now, user.begun = now, True
    theirs, ours = device.records, user.records
    user.records = sorted([*ours, *theirs, met], key=lambda one: (one.index, one is not met))
    user.pending |= device.pending
    facts = Facts(user.records, user.topology, now)
    shop = facts.shop
    before = {order: one for side in (theirs, ours) for order, one in orders(side, shop).items() if one.completed}
    for mine, other in zip(user.programmes, device.programmes, strict=True):
        standings.meet(mine, other, facts, before)
    renamed = _join_abandonment(user.abandonment, device.abandonment, ours, theirs)
    if consent.told(user.topology):
        addresses = _addresses(user.records, facts.traits)
        count = len(user.consents)
        user.consents += consent.met(ours, theirs, user.topology, addresses, now, count)
    user.segments(facts, None)
    _mark(user.lines(), told)
    if user.messages.messages:
        sent = {id(line) for lines in user.messages.lines.values() for line in lines}
        user.messages.meet(device.messages, renamed)
        user.messages.instant(facts, user.fresh(known))
        _mark(user.messages.lines, sent)
    _leave(device, now)


def _leave(device: History, now: int) -> None:
    """The device is no shopper any more: out of its segments, without its points. Nobody acts on it."""
    told = {id(line) for lines in device.lines().values() for line in lines}
    for name, (member, sequence) in device.members.items():
        if member:
            change = {"segment": name, "change": "exited", "sequence": sequence + 1}
            device.changes.append({"effective_at": now, "cause": None, **change})
    for programme in device.programmes:
        standings.leave(programme, now)
    _mark(device.lines(), told, silently=True)


def _mark(told: dict[str, list[dict[str, Any]]], before: set[int], *, silently: bool = False) -> None:
    """Of lines that were not there before: that the meeting is their cause."""
    for lines in told.values():
        for line in lines:
            if id(line) not in before:
                line["through"], line["silently"] = "merge", silently


def _addresses(records: list[Record], traits: dict[str, Any]) -> set[str | None]:
    found = {one for channel in ("email", "sms") for one in consent.owned(traits, channel)}
    return {None, *found, *consent.devices(records)}


def _join_abandonment(
    ours: Abandonment, theirs: Abandonment, our_records: list[Record], their_records: list[Record]
) -> dict[tuple[str, int], int]:
    """Returns the numbers that their instances have now, by kind and the number they had."""
    renamed: dict[tuple[str, int], int] = {}
    live = [one for one in ours.instances if one.live]
    bought = [_last_order(records, ours.shop) for records in (our_records, their_records)]
    lost = meet(carts(our_records), carts(their_records))
    for one in theirs.instances:
        one.rule = next(rule for rule in ours.rules if rule.name == one.rule.name)
        before, one.number = one.number, 1 + sum(1 for other in ours.instances if other.rule is one.rule)
        renamed[one.rule.name, before] = one.number
        ours.instances.append(one)
    others = [one for one in theirs.instances if one.live]
    for one in (*live, *others):
        of_other = one in others
        emptied = one.rule.kind not in PRODUCTS and (of_other, one.cart_id) in lost
        if bought[not of_other] > one.last_activity or emptied:
            ours.end(one, SUPERSEDED)
    for name, views in theirs.views.items():
        ours.views[name].meet(views)
    for name, contents in theirs.last_stage.items():
        if name not in ours.last_stage or ours.last_stage[name].at < contents.at:
            ours.last_stage[name] = contents
    _leave_one_each(ours)
    outranks = {"cart": {"checkout"}, "browse": {"checkout", "cart"}}
    kinds = {one.rule.kind for one in ours.instances if one.live}
    for one in ours.instances:
        if one.live and kinds & outranks.get(one.rule.kind, set()):
            ours.end(one, SUPERSEDED)
    return renamed


def _leave_one_each(of: Abandonment) -> None:
    """Of those about one subject, and of checkouts altogether, the latest in activity stays; of equals the user's."""
    best: dict[tuple[str, str], Instance] = {}
    for one in [one for one in of.instances if one.live]:
        about = one.rule.name, "" if one.rule.kind in CHECKOUTS else one.subject
        stays = best.setdefault(about, one)
        if stays is not one:
            best[about], goes = (one, stays) if one.last_activity > stays.last_activity else (stays, one)
            of.end(goes, SUPERSEDED)


def _last_order(records: list[Record], shop: Shop) -> int:
    return max((one.time for one in orders(records, shop).values() if one.completed), default=-1)
