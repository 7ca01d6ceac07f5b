"""What two records know of one person: messages seen, visits and traits, as if one had seen all of it."""

from pipeline.domain.message import FULL, WIDTH
from pipeline.domain.shopper import Shopper
from pipeline.domain.trait import LIMIT
from pipeline.domain.visit import GAP

TWICE = "event_of_both"
"""A remark: an event that both had been told of. Windows count it twice, as they keep no ids."""


def join_profile(shopper: Shopper, other: Shopper, remarks: list[str]) -> None:
    """Take in the ids, visits, traits and language of the other record."""
    shopper.created = min(one for one in (shopper.created or other.created, other.created) if one)
    _join_ids(shopper, other, remarks)
    _join_visits(shopper, other)
    for name, trait in other.traits.items():
        known = shopper.traits.get(name)
        if known is None and len(shopper.traits) >= LIMIT:
            remarks.append("trait_limit")
        elif known is None or (known.time, known.message_id) < (trait.time, trait.message_id):
            shopper.traits[name] = trait
    shopper.locale = max((one for one in (shopper.locale, other.locale) if one is not None), default=None)


def _join_ids(shopper: Shopper, other: Shopper, remarks: list[str]) -> None:
    """Both generations of both; of more than are kept, those are forgotten that were known longest."""
    known = {*_entries(shopper.old_ids), *_entries(shopper.ids)}
    names = {entry[:8] for entry in known}
    for old in (True, False):
        for entry in _entries(other.old_ids if old else other.ids):
            if entry[:8] in names:
                remarks.append(TWICE)
            elif old:
                shopper.old_ids += entry
            else:
                shopper.ids += entry
    if len(shopper.ids) > FULL:
        shopper.old_ids += shopper.ids[:-FULL]
        shopper.ids = shopper.ids[-FULL:]
    shopper.old_ids = shopper.old_ids[-FULL:]
    shopper.ids_since = max(shopper.ids_since, other.ids_since)


def _entries(ids: bytes) -> list[bytes]:
    return [ids[at : at + WIDTH] for at in range(0, len(ids), WIDTH)]


def _join_visits(shopper: Shopper, other: Shopper) -> None:
    """Visits that overlap, or follow each other without a gap, are one."""
    both = sorted(
        (visits[at], visits[at + 1])
        for visits in (shopper.recent_visits, other.recent_visits)
        for at in range(0, len(visits), 2)
    )
    joined: list[int] = []
    for begin, end in both:
        if joined and begin <= joined[-1] + GAP:
            joined[-1] = max(joined[-1], end)
        else:
            joined += (begin, end)
    shopper.sessions += other.sessions - (len(both) - len(joined) // 2)
    shopper.recent_visits = joined
