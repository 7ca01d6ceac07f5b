"""What two records of one person hold of messages and of consent, made one."""

from pipeline.domain.consent_definition import MARKETING, UNKNOWN
from pipeline.domain.correspondence import Correspondence
from pipeline.domain.messaging.result import FOLLOWED
from pipeline.domain.messaging.word import EVERY, OPT_IN, Word, Words

CONFLICT = "experiment_conflict"
"""A remark: the two had been given different variants of one experiment. The user's stays."""

_WIDTH = 2


def join_messages(kept: Correspondence, other: Correspondence, remarks: list[str]) -> None:
    """Take in the other's messages: those that wait and those that are followed, the places in the caps, and variants
    where there was none."""
    waiting = {one.identity for one in kept.candidates}
    kept.candidates.extend(one for one in other.candidates if one.identity not in waiting)
    for channel, sent in other.sent.items():
        ours = kept.sent.get(channel, [])
        both = {(each[at], each[at + 1]) for each in (ours, sent) for at in range(0, len(each), _WIDTH)}
        kept.sent[channel] = [number for pair in sorted(both) for number in pair]
    for experiment, variant in other.variants.items():
        if kept.variants.setdefault(experiment, variant) != variant:
            remarks.append(CONFLICT)
    for holdout, held in other.held_out.items():
        if kept.held_out.setdefault(holdout, held) is not held:
            remarks.append(CONFLICT)
    followed = {one.id for one in kept.followed}
    kept.followed.extend(one for one in other.followed if one.id not in followed)
    kept.followed.sort(key=lambda one: (one.since, one.id))
    if len(kept.followed) > FOLLOWED:
        remarks.append("result_limit")
        del kept.followed[:-FOLLOWED]


def join_words(words: Words, other: Words, remarks: list[str]) -> list[tuple[Word, str]]:
    """Take in what the other said of consent. Returns the words whose status is another now, with the one before."""
    moved = []
    for word in other.words:
        known = words.of(word.channel, word.purpose, word.address)
        if known is None:
            gone = words.add(word)
            if gone is not None:
                remarks.append("consent_limit")
            if gone is not word:
                moved.append((word, UNKNOWN))
            continue
        before, stands = known.status, _that_stands(known, word)
        known.reason, known.time = stands.reason, stands.time
        if known.status != before:
            moved.append((known, before))
    for device in other.devices:
        words.meet(device.token, device.time)
    return moved


def _that_stands(one: Word, two: Word) -> Word:
    """The later word; of marketing the one that forbids more, unless the later one is an explicit opting in."""
    later, earlier = (two, one) if one.yields_to(two.reason, two.time) else (one, two)
    if one.purpose not in (MARKETING, EVERY) or later.reason >= earlier.reason:
        return later
    return later if later.reason == OPT_IN and later.channel != EVERY else earlier
