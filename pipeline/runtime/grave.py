"""Graves: what a partition keeps of erased shoppers. A grave lies among the records, under a reserved key made of the
id's digest, so that it is in the changelog, restored and followed as they are; scans of records pass it over."""

from collections.abc import Callable, Collection, Sequence

import msgspec

from pipeline.domain.past import Past
from pipeline.runtime.ports import RESERVED, Checkpoint, DueEntry, StateFormatError, StatePartition

GRAVE_PREFIX = RESERVED + b"erased/"

DigestOf = Callable[[str], str]
"""What stands for an id that was erased, as hex: `pipeline.domain.erasure.Erasure.digest`."""

_CHUNK = 8_192
_FOREVER = 1 << 62
_MARK = 8

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Past).decode


def encode_grave(past: Past) -> bytes:
    return _encode(past)


def decode_grave(value: bytes) -> Past:
    """Raises StateFormatError."""
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateFormatError(f"damaged grave: {type(error).__name__}") from error


class Graves:
    """The graves of a partition. Nobody looks for any before the checkpoint says that there are some."""

    def __init__(self, state: StatePartition, digest_of: DigestOf | None) -> None:
        """digest_of: None under a topology that erases nobody."""
        self._state = state
        self._digest_of = digest_of
        self._mark = digest_of("")[:_MARK] if digest_of is not None else ""
        self.any = False

    def enter(self, checkpoint: Checkpoint) -> None:
        """Go by this checkpoint. Raises StateFormatError if its graves can't be found under this topology: whoever was
        erased would be taken for a new shopper."""
        self.any = checkpoint.erased > 0
        if self.any and checkpoint.mark != self._mark:
            raise StateFormatError(
                "shoppers were erased here under another `erasure.pepper`, and would not be recognised: set it back"
                if self._mark
                else "shoppers were erased here, and would not be recognised without `erasure` in the topology"
            )

    def key_of(self, key: bytes) -> bytes:
        """Of a shopper's key that of the grave."""
        assert self._digest_of is not None  # noqa: S101 - only the engine of such a topology erases
        return GRAVE_PREFIX + bytes.fromhex(self._digest_of(key.decode()))

    def of(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        """The graves of shoppers of whom there is no record."""
        return self._state.get_many([self.key_of(key) for key in keys])

    def dig(self, keys: Collection[bytes], checkpoint: Checkpoint) -> list[DueEntry]:
        """Note that these were erased; the entries of the due-time index that have to go with them."""
        if not keys:
            return []
        checkpoint.erased += len(keys)
        checkpoint.mark = self._mark
        return due_entries_of(self._state, keys)


def due_entries_of(state: StatePartition, keys: Collection[bytes]) -> list[DueEntry]:
    """All entries of the due-time index that name one of these keys. It walks over the whole index: entries of
    superseded due times lie anywhere in it, and would name an erased shopper until time passes them."""
    wanted, found = frozenset(keys), list[DueEntry]()
    after: DueEntry | None = None
    while wanted:
        chunk = state.due(_FOREVER, _CHUNK, after)
        found.extend(entry for entry in chunk if entry[1] in wanted)
        if len(chunk) < _CHUNK:
            break
        after = chunk[-1]
    return found
