"""Gaps: which records of the source a partition's state has not been folded with, piece by piece.

Pieces are fingerprints of what rules keep (`Engine.pieces`). A topology that begins to keep one finds none of the
records before; one that ceases to, leaves it in the records as it stood. Offsets part what is folded from what is not,
whatever received times say.
"""

from array import array
from collections.abc import Iterable, Set
from sys import byteorder

import msgspec

# With more of them the oldest two become one, of what both lack: less can be filled then, and nothing twice.
MOST = 64


RESTS = 12 * 3_600_000
"""ms of partition time after which what comes back may have been let go of by some records."""


class Gap(msgspec.Struct, frozen=True, gc=False):
    """Records at offsets from `begin` on and before `end` are not in these pieces; end 0: nor is any later one so far.

    pieces: see `pack`. at: from which received time on, ms, the pieces know everything; end 0: until when they did.
    begin = end: what is missing can't be filled any more.
    """

    pieces: bytes
    begin: int
    end: int
    at: int


def pack(pieces: Iterable[int]) -> bytes:
    """Fingerprints, 4 bytes each, ascending: a checkpoint goes with each batch."""
    packed = array("I", sorted(pieces))
    if byteorder == "little":
        packed.byteswap()
    return packed.tobytes()


def unpack(packed: bytes) -> frozenset[int]:
    pieces = array("I", packed)
    if byteorder == "little":
        pieces.byteswap()
    return frozenset(pieces)


def changed(gaps: Iterable[Gap], before: Set[int], after: Set[int], offset: int, at: int) -> tuple[Gap, ...]:
    """The gaps once the pieces `after` are kept instead of those `before`: from `offset` on. at: see Gap."""
    begun, found, known = after - before, list[Gap](), set[int]()
    # Records let go of what rests in them after a day of their own time (kept_state.py), some sooner than others.
    for gap in gaps:
        if gap.end:
            found.append(gap)
            continue
        pieces = unpack(gap.pieces)
        known |= pieces
        found.append(Gap(pack(pieces - begun), gap.begin, 0, gap.at))
        begin = gap.begin if at - gap.at < RESTS else offset
        found.append(Gap(pack(pieces & begun), begin, offset, at) if offset > gap.begin else _nothing())
    found.append(Gap(pack(begun - known), 0, offset, at) if offset > 0 else _nothing())
    found.append(Gap(pack(before - after), offset, 0, at))
    return _bounded(gap for gap in found if gap.pieces)


def filled(gap: Gap, pieces: Set[int], first: int, at: int) -> tuple[Gap, ...]:
    """What is left of a gap once these of its pieces have the records from offset `first` on, or everything if that
    is 0; they know all from `at` on."""
    rest = Gap(pack(unpack(gap.pieces) - pieces), gap.begin, gap.end, gap.at)
    left = Gap(pack(unpack(gap.pieces) & pieces), gap.begin, first, at) if first > gap.begin else _nothing()
    return tuple(one for one in (rest, left) if one.pieces)


def given_up(gap: Gap, pieces: Set[int]) -> tuple[Gap, ...]:
    """A gap of which these pieces can't be filled any more."""
    ours = unpack(gap.pieces)
    rest, lost = Gap(pack(ours - pieces), gap.begin, gap.end, gap.at), pack(ours & pieces)
    return tuple(one for one in (rest, Gap(lost, gap.end, gap.end, gap.at)) if one.pieces)


def _nothing() -> Gap:
    return Gap(b"", 0, 0, 0)


def _bounded(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    together: dict[tuple[int, int, int], set[int]] = {}
    for gap in gaps:
        together.setdefault((gap.begin, gap.end, gap.at), set()).update(unpack(gap.pieces))
    found = [Gap(pack(pieces), *place) for place, pieces in together.items()]
    while len(found) > MOST:
        closed = sum(gap.end > 0 for gap in found) > MOST // 2
        first, second = [gap for gap in found if (gap.end > 0) is closed][:2]
        begin = max(first.begin, second.begin)
        end = max(begin, min(first.end, second.end)) if closed else 0
        at = max(first.at, second.at) if closed else min(first.at, second.at)
        pieces = pack(unpack(first.pieces) | unpack(second.pieces))
        found.remove(first)
        found[found.index(second)] = Gap(pieces, begin, end, at)
    return tuple(found)
