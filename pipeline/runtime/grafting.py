"""Taking grafts in: a slice of the log of grafts, joined to a partition's records between two batches.

Which grafts fit is decided by the gaps of the checkpoint alone: a run that was taken in already, or was made for what
has changed since, fills none and is passed over. So each graft is joined once, whoever writes the log, however often.
"""

from collections.abc import Iterator, Sequence

import msgspec

from pipeline.runtime.decider import Decider
from pipeline.runtime.gap import changed, filled, given_up, pack, unpack
from pipeline.runtime.graft_log import HEAD_KEY, SEAL_KEY, Grafting, Head, LogError, decode_graft, decode_head
from pipeline.runtime.overlay import Overlay
from pipeline.runtime.ports import Checkpoint, Record
from pipeline.runtime.shopper_settings import Settings
from pipeline.runtime.sweep import Brought

GRAFT_FAILED = "graft_failed"
"""Remark: the core fails on a graft, or the record would outgrow its bound. The record stays without it."""

GRAFT_WITHOUT_SHOPPER = "graft_without_shopper"
"""Remark: nobody knows the shopper of a graft; only files tell of such."""


def _change_account(checkpoint: Checkpoint, pieces: frozenset[int]) -> None:
    if checkpoint.kept is not None:
        _leave(checkpoint, unpack(checkpoint.kept) - pieces)
        # All that was received up to partition time lies before.
        known_from = checkpoint.time + 1
        checkpoint.gaps = changed(checkpoint.gaps, unpack(checkpoint.kept), pieces, checkpoint.next_offset, known_from)
    checkpoint.kept = pack(pieces)


def _leave(checkpoint: Checkpoint, pieces: frozenset[int]) -> None:
    """Of a run that is being taken in, leave the rest of pieces that are not kept any more: some shoppers have them."""
    head = checkpoint.grafting.head
    if head is None or not pieces:
        return
    ours = {(gap.begin, gap.end): unpack(gap.pieces) & pieces for gap in head.gaps}
    rest = [
        msgspec.structs.replace(gap, pieces=pack(unpack(gap.pieces) - pieces))
        for gap in head.gaps
        if unpack(gap.pieces) - pieces
    ]
    checkpoint.gaps = tuple(
        left for gap in checkpoint.gaps for left in given_up(gap, ours.get((gap.begin, gap.end), frozenset()))
    )
    head = msgspec.structs.replace(head, gaps=tuple(rest))
    checkpoint.grafting = msgspec.structs.replace(checkpoint.grafting, head=head)


class StoreGrafting:
    """Joins grafts to the records of a partition. One thread at a time."""

    def __init__(self, engine: Decider, overlay: Overlay, settings: Settings) -> None:
        self._engine = engine
        self._kept = pack(engine.pieces)
        self._overlay = overlay
        self._settings = settings

    def keep_account(self, checkpoint: Checkpoint) -> None:
        """Note which pieces of state are kept from the checkpoint's offset on, and what those that are new lack."""
        if checkpoint.kept != self._kept:
            _change_account(checkpoint, self._engine.pieces)

    def take(self, records: Sequence[Record], checkpoint: Checkpoint) -> Iterator[Brought]:
        """Take these records of the log in, up to a head whose time has not come; what became of each graft: the record
        and what follows from it, or a remark. The checkpoint says how far it came."""
        self._load(records)
        for record in records:
            grafting = checkpoint.grafting
            head, joined, runs = grafting.head, grafting.joined, grafting.runs
            if record.key == HEAD_KEY:
                joined = 0
                try:
                    head = self._fitting(decode_head(record.value or b""), checkpoint)
                except LogError:
                    head = None
                    yield GRAFT_FAILED
                if head is not None and head.gaps and checkpoint.next_offset < head.until:
                    return
            elif record.key == SEAL_KEY:
                if head is not None and head.gaps:
                    _fill(checkpoint, head)
                    runs += 1
                head, joined = None, 0
            elif head is not None and head.gaps:
                joined += 1
                yield self._join(record, head, checkpoint)
            checkpoint.grafting = Grafting(record.offset + 1, head, joined, runs)

    def _load(self, records: Sequence[Record]) -> None:
        """One look-up for all. They do not enter the cache: see Overlay.sweep."""
        touched = self._overlay.touched
        known = set(touched)
        keys = [record.key for record in records if record.key is not None and record.key[:1] != b"\x00"]
        self._overlay.load(keys)
        for key in keys:
            touched[key].swept = key not in known

    def _fitting(self, head: Head, checkpoint: Checkpoint) -> Head:
        """The head, with those of its gaps that the partition has, of pieces that are kept."""
        ours: dict[tuple[int, int], frozenset[int]] = {}
        for gap in checkpoint.gaps:
            place = gap.begin, gap.end
            ours[place] = ours.get(place, frozenset()) | unpack(gap.pieces) & self._engine.pieces
        theirs = [(gap, unpack(gap.pieces)) for gap in head.gaps]
        # A graft has all that was missing of a piece at once: it fits whole or not at all.
        misfits = frozenset[int]().union(
            *(pieces - ours.get((gap.begin, gap.end), frozenset()) for gap, pieces in theirs)
        )
        found = [msgspec.structs.replace(gap, pieces=pack(pieces - misfits)) for gap, pieces in theirs]
        return msgspec.structs.replace(head, gaps=tuple(gap for gap in found if gap.pieces))

    def _join(self, record: Record, head: Head, checkpoint: Checkpoint) -> Brought:
        held = self._overlay.touched[record.key or b""]
        if held.value is None:
            return GRAFT_WITHOUT_SHOPPER
        pieces = frozenset(piece for gap in head.gaps for piece in unpack(gap.pieces))
        done = self._overlay.attempt(
            held,
            self._settings.shopper_bytes,
            lambda shopper: self._engine.graft(
                shopper,
                held.key.decode(),
                decode_graft(record.value or b"").only(pieces),
                checkpoint.time,
                checkpoint.sweep.since,
            ),
        )
        return GRAFT_FAILED if done is None else (held, *done)


def _fill(checkpoint: Checkpoint, head: Head) -> None:
    """All grafts of the run are in. Files are for pieces that were never kept before."""
    for gap in head.gaps:
        pieces, by_files = unpack(gap.pieces), bool(head.files_at) and not gap.begin
        first, at = (0, head.files_at) if by_files else (head.first, head.at)
        checkpoint.gaps = tuple(
            left
            for own in checkpoint.gaps
            for left in (filled(own, pieces, first, at) if (own.begin, own.end) == (gap.begin, gap.end) else [own])
        )
