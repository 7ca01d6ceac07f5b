"""The stored form of a shopper record: one format byte, then the record as a MessagePack array.

The same bytes are the value in the store and in the changelog. Reading an older format migrates it to the present one;
a newer one is an error, as writing it back would lose what this version does not know of.
"""

from collections.abc import Callable

import msgspec

from pipeline.domain.shopper import FORMAT, Shopper
from pipeline.runtime.ports import StateFormatError

Migration = Callable[[bytes], Shopper]

_PREFIX = bytes([FORMAT])
_decode = msgspec.msgpack.Decoder(Shopper).decode


def _nothing_packed(body: bytes) -> Shopper:
    """Format 2 kept all orders, lots and holdings at hand: they are packed when the next event of orders or points
    comes."""
    try:
        return msgspec.structs.replace(_decode(body), format=FORMAT)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateFormatError(f"damaged shopper record: {type(error).__name__}") from error


def _one_window_for_all_depths(body: bytes) -> Shopper:
    """Format 1 kept a window for each depth. Which of them belong together only a plan can tell (`KeptState.fit`): the
    record counts as one of another plan, and is brought over by the next event, timer or sweep."""
    return msgspec.structs.replace(_nothing_packed(body), plan=0)


MIGRATIONS: dict[int, Migration] = {1: _one_window_for_all_depths, 2: _nothing_packed}
"""By format: what makes a present record of the MessagePack bytes of that format."""


class _Head(msgspec.Struct, array_like=True, gc=False):
    """The leading fields of Shopper: the decoder skips the rest."""

    format: int
    now: int
    due: int
    plan: int


class RecordCodec:
    """A `pipeline.runtime.ports.ShopperCodec`. Raises StateFormatError on what it can't read; tells nothing of whom."""

    def __init__(self) -> None:
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = _decode
        self._head = msgspec.msgpack.Decoder(_Head).decode

    def encode(self, shopper: Shopper) -> bytes:
        return _PREFIX + self._encode(shopper)

    def decode(self, value: bytes) -> Shopper:
        if value[:1] != _PREFIX:
            return _migrate(value)
        try:
            return self._decode(value[1:])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StateFormatError(f"damaged shopper record: {type(error).__name__}") from error

    def due(self, value: bytes) -> int:
        """The due time in ms that a stored value asks for, 0 = none, without decoding all of it."""
        return self._leading(value).due

    def plan(self, value: bytes) -> int:
        """Which plan a stored value was decided under (`Shopper.plan`), without decoding all of it."""
        return self._leading(value).plan

    def _leading(self, value: bytes) -> _Head | Shopper:
        if value[:1] != _PREFIX:
            return _migrate(value)
        try:
            return self._head(value[1:])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StateFormatError(f"damaged shopper record: {type(error).__name__}") from error


def _migrate(value: bytes) -> Shopper:
    if not value:
        raise StateFormatError("damaged shopper record: empty")
    if value[0] > FORMAT:
        raise StateFormatError(
            f"shopper record of format {value[0]}, this version knows {FORMAT}: run the version that wrote it, or newer"
        )
    migration = MIGRATIONS.get(value[0])
    if migration is None:
        raise StateFormatError(f"shopper record of format {value[0]}, which no version can read")
    return migration(value[1:])
