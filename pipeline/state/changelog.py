"""Bringing a state partition up to its changelog (layout: pipeline/runtime/checkpoint.py)."""

from collections.abc import Mapping, Sequence

from pipeline.runtime.checkpoint import CHECKPOINT_KEY, decode_checkpoint
from pipeline.runtime.grave import GRAVE_PREFIX, due_entries_of
from pipeline.runtime.ports import (
    RESERVED,
    Checkpoint,
    DueEntry,
    Record,
    ShopperCodec,
    StateFormatError,
    StatePartition,
    StateWrite,
)


class Restore:
    """Applies changelog records, in order, read committed, from `next_offset` to the end of the partition.

    A crash on the way is harmless: values, due entries and the offset reached are written together, and it goes on from
    there. Only at the end do values and checkpoint belong together, so nothing may be processed before. Records hold
    final values, hence applying one twice, or an old one before a newer, changes nothing in the end. What is due gets
    an entry as it passes; entries of superseded values stay, and are dropped when they are met.
    """

    def __init__(self, state: StatePartition, codec: ShopperCodec) -> None:
        self._state = state
        self._codec = codec
        self.records = 0
        # The deletion may be the first that is left to read.
        self._digging = True

    @property
    def next_offset(self) -> int:
        """The changelog offset to read from."""
        return self._state.changelog_offset() + 1

    @property
    def complete_at(self) -> int:
        """See StatePartition."""
        return self._state.complete_at()

    def apply(self, records: Sequence[Record]) -> None:
        """Apply consecutive records in one write; some thousands at once are best. Raises StateError."""
        if not records:
            return
        latest: dict[bytes, bytes | None] = {}
        checkpoint: Checkpoint | None = None
        for record in records:
            key = record.key
            if key is None:
                raise StateFormatError(f"changelog record without a key at offset {record.offset}")
            if key[:1] != RESERVED or key.startswith(GRAVE_PREFIX):
                latest[key] = record.value
            elif key == CHECKPOINT_KEY and record.value is not None:
                checkpoint = decode_checkpoint(record.value)
        due_of = self._codec.due
        added: list[DueEntry] = []
        for key, value in latest.items():
            if value is not None and key[:1] != RESERVED and (due := due_of(value)):
                added.append((due, key))
        dropped = [*self._superseded([key for key in latest if key[:1] != RESERVED]), *self._buried(latest)]
        self._state.write(StateWrite(list(latest.items()), records[-1].offset, checkpoint, added, dropped, False))
        self.records += len(records)

    def caught_up(self) -> None:
        """The end of the partition is reached. Raises StateError."""
        self._state.write(StateWrite((), self._state.changelog_offset()))

    def _buried(self, latest: Mapping[bytes, bytes | None]) -> list[DueEntry]:
        """Due entries that name those who were erased: all of them go, as in the store of who erased them. A grave
        comes with the deletion behind it, in this write or the next one."""
        digs = any(key.startswith(GRAVE_PREFIX) for key in latest)
        digging, self._digging = self._digging or digs, digs
        deleted = [key for key, value in latest.items() if value is None] if digging else []
        return due_entries_of(self._state, self._known(deleted))

    def _known(self, keys: list[bytes]) -> list[bytes]:
        values = self._state.get_many(keys) if keys else []
        return [key for key, value in zip(keys, values, strict=True) if value is not None]

    def _superseded(self, keys: list[bytes]) -> list[DueEntry]:
        """Due entries that go with the values that these keys have now."""
        return []


class Follow(Restore):
    """A restore that never ends, of a partition that another worker writes.

    Entries of superseded values are dropped: nobody meets them here, and the index would grow with each change of a
    shopper for as long as the partition is followed. That costs a look-up of the values that are replaced.
    """

    def _superseded(self, keys: list[bytes]) -> list[DueEntry]:
        due_of = self._codec.due
        values = self._state.get_many(keys)
        return [
            (due, key) for key, value in zip(keys, values, strict=True) if value is not None and (due := due_of(value))
        ]


def rebuild_due(state: StatePartition, codec: ShopperCodec) -> None:
    """Make the due-time index anew from the values: one entry for each that is due."""
    state.replace_due((due, key) for key, value in state.scan() if (due := codec.due(value)))
