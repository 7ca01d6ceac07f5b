"""The due queue: who is due next, merged from the store's due-time index and what the batch at hand has changed."""

from collections import deque
from heapq import heappop, heappush

from pipeline.runtime.overlay import Held, Overlay
from pipeline.runtime.ports import DueEntry, StatePartition

CHUNK = 512


class DueQueue:
    """Entries in order of (due, key). Each is a hint, to be checked against the record (runtime-facts.md, C6).

    Invariant (I4): for every record that is due at d there is an entry at or before d, in the store or in here. An
    entry stays where it is when its record's due time moves later; it moves when it is met. `position` is the last
    entry met: all that is ever added lies behind it, as nothing is due at or before partition time once that has been
    reached. So the store is scanned on from there, and not over the remains of dropped entries. met: entries that were
    popped since the last `keep` or `drop`.
    """

    def __init__(self, state: StatePartition, overlay: Overlay, most: int) -> None:
        """most: entries that a round may take."""
        self._state = state
        self._overlay = overlay
        self._most = most
        self.met = 0
        self._position: DueEntry | None = None
        self._kept_position: DueEntry | None = None
        self._scanned: DueEntry | None = None
        self._empty_until = -1
        self._chunk: deque[DueEntry] = deque()
        self._heap: list[DueEntry] = []
        self._armed: dict[bytes, int] = {}
        self.dropped: list[DueEntry] = []

    def arm(self, held: Held) -> None:
        """The due time of a record that was opened may have changed: see to it that an entry is there in time."""
        due = held.due
        if due and (not held.entry or due < held.entry):
            held.entry = self._armed[held.key] = due
            heappush(self._heap, (due, held.key))

    def pop(self, until: int) -> tuple[int, Held] | None:
        """The next entry with due <= until (ms) and its record, which has to be armed again; None: there is none."""
        chunk, heap = self._chunk, self._heap
        if not chunk and until > self._empty_until:
            self._scan(until)
        if chunk and chunk[0][0] <= until and not (heap and heap[0] < chunk[0]):
            entry = chunk.popleft()
            self.dropped.append(entry)
        elif heap and heap[0][0] <= until:
            entry = heappop(heap)
            if self._armed.get(entry[1]) == entry[0]:
                del self._armed[entry[1]]
        else:
            return None
        self._position = entry
        self.met += 1
        held = self._overlay.touched[entry[1]]
        held.entry = self._armed.get(entry[1], 0)
        return entry[0], held

    def pace(self, most: int) -> None:
        """See fold.Fold.pace."""
        self._most = most

    def is_full(self, until: int) -> bool:
        """Whether the round took all that it may, and an entry with due <= until waits."""
        return self.met >= self._most and self._waits(until)

    def _waits(self, until: int) -> bool:
        if self._heap and self._heap[0][0] <= until:
            return True
        if not self._chunk and until > self._empty_until:
            self._scan(until)
        return bool(self._chunk) and self._chunk[0][0] <= until

    def added(self) -> list[DueEntry]:
        """The entries that the store has to be given, one a key, at the due times that the records ask for now."""
        touched = self._overlay.touched
        added = []
        for key in self._armed:
            held = touched[key]
            held.entry = held.due
            if held.entry:
                added.append((held.entry, key))
        return added

    def keep(self) -> None:
        """`added` is in the store and `dropped` is out of it."""
        self._kept_position = self._position
        self._restart()

    def drop(self) -> None:
        """The store is as it was at the last `keep`."""
        self._position = self._kept_position
        self._restart()

    def _scan(self, until: int) -> None:
        found = self._state.due(until, CHUNK, self._scanned)
        if len(found) < CHUNK:
            self._empty_until = until
        if found:
            self._scanned = found[-1]
            self._chunk.extend(found)
            self._overlay.load(key for _, key in found)

    def _restart(self) -> None:
        self._scanned = self._position
        self._empty_until, self.met = -1, 0
        self._chunk.clear()
        self._heap, self._armed, self.dropped = [], {}, []
