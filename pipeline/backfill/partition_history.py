"""What the records of one partition of shoppers lack, made of its source's retained records and of earlier files."""

from collections.abc import Iterator, Sequence

from pipeline.domain.definition import Plan
from pipeline.domain.event import CLAIM, Event
from pipeline.domain.graft import Graft, pieces_of
from pipeline.domain.history import History
from pipeline.domain.shopper import Shopper
from pipeline.runtime.fold import Refused
from pipeline.runtime.gap import Gap, pack, unpack
from pipeline.runtime.graft_log import Head
from pipeline.runtime.item import decode_event, decode_item
from pipeline.runtime.ports import Checkpoint, Record
from pipeline.runtime.progress import Progress, advance


def fillable(checkpoint: Checkpoint) -> tuple[Gap, ...]:
    """What of the gaps a history can fill: of pieces that are kept, between two offsets."""
    kept = unpack(checkpoint.kept or b"")
    found = [Gap(pack(unpack(gap.pieces) & kept), gap.begin, gap.end, gap.at) for gap in checkpoint.gaps]
    return tuple(gap for gap in found if gap.pieces and gap.begin < gap.end)


def reachable(gaps: Sequence[Gap], first: int, *, files: bool) -> tuple[Gap, ...]:
    """Those of which something is retained, from offset `first` on, or in files."""
    return tuple(gap for gap in gaps if gap.end > first or (files and not gap.begin))


class PartitionHistory:
    """First `before`, of events in files, then `take`, of records from the first retained one on; then `head` and
    `grafts`. gaps: see `fillable`. sources, stall: see runtime/shopper_settings.py. first: offset of the first record.

    Each piece is folded with the records of its gaps alone, but sequences with all there are: what was dropped of
    them between the gap and now may be the other half of one that the gap began, and an event twice is there once.
    """

    def __init__(self, plan: Plan, gaps: Sequence[Gap], sources: int, stall: int | None, first: int = 0) -> None:
        self.gaps = tuple(gaps)
        self.events = 0
        self._history = History(plan)
        self._sources, self._stall = sources, stall
        self._wanted = frozenset(piece for gap in self.gaps for piece in unpack(gap.pieces))
        self._sequences = self._history.sequences & self._wanted
        self._bounds = sorted({offset for gap in self.gaps for offset in (gap.begin, gap.end)})
        self._shoppers: dict[bytes, Shopper] = {}
        self._time = Checkpoint()
        self._first = first
        self._at = self._files_at = self._next = 0
        self._changes_at = -1

    @property
    def needed_until(self) -> int | None:
        """Behind which offset nothing is needed; None: all there is."""
        return None if self._sequences else max((gap.end for gap in self.gaps), default=0)

    def before(self, key: bytes, event: Event) -> None:
        """Take an event of before the first record. In order of received time."""
        if not self._files_at:
            self._files_at = event.received
            self._history.keep(self._folded_at(0))
        self._fold(key, event)

    def take(self, record: Record) -> None:
        """In order of offsets."""
        if record.offset >= self._changes_at:
            self._history.keep(self._folded_at(record.offset))
            later = (bound for bound in self._bounds if bound > record.offset)
            self._changes_at = next(later, record.offset + (1 << 62))
        self._next = record.offset + 1
        item = decode_item(record)
        if isinstance(item, Progress):
            advance(self._time, item, self._sources, self._stall)
        elif item is None:
            event = decode_event(record)
            if not isinstance(event, Refused) and event.type != CLAIM:
                self._at = self._at or event.received
                self._fold(record.key or b"", event)

    def head(self) -> Head:
        grafts = sum(1 for _ in self.grafts())
        until = max(self._next, *(gap.end for gap in self.gaps))
        return Head(self.gaps, self._first, self._at, self._files_at, until, grafts)

    def grafts(self) -> Iterator[tuple[bytes, Graft]]:
        """Of each shopper of whom there is something to tell, by key."""
        for key, shopper in self._shoppers.items():
            graft = pieces_of(shopper, self._wanted)
            if graft:
                yield key, graft

    def _folded_at(self, offset: int) -> frozenset[int]:
        within = (unpack(gap.pieces) for gap in self.gaps if gap.begin <= offset < gap.end)
        return self._sequences.union(*within)

    def _fold(self, key: bytes, event: Event) -> None:
        self.events += 1
        shopper = self._shoppers.get(key)
        if shopper is None:
            shopper = self._shoppers[key] = Shopper()
        self._history.fold(shopper, event, max(event.received, self._time.time))
