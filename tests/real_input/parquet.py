"""Columns of a Parquet file, as plain values: as much of the format as one file of numbers and names needs.

One row group, data pages of version 1, snappy, flat optional columns, plain or dictionary encoded (parquet.apache.org,
"File Format"). So the tests need no engine of dataframes to read one file.
"""

import struct
from collections.abc import Iterator
from typing import Any

from cramjam import snappy

_BYTES = 6
_PLAIN = {1: "i", 2: "q", 4: "f", 5: "d"}
_DICTIONARY_PAGE = 2
_PLAIN_VALUES = 0
_END, _BINARY, _LIST, _STRUCT = 0, 8, 9, 12


class Compact:
    """Thrift's compact protocol: a struct is a mapping of field numbers."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def number(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self) -> int:
        value = self.number()
        return value >> 1 ^ -(value & 1)

    def value(self, kind: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind == _BINARY:
            length = self.number()
            self.at += length
            return self.data[self.at - length : self.at]
        if kind == _LIST:
            head = self.data[self.at]
            self.at += 1
            return [self.value(head & 15) for _ in range(head >> 4 if head >> 4 < 15 else self.number())]
        return self.fields() if kind == _STRUCT else self.signed()

    def fields(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        field = 0
        while (head := self.data[self.at]) != _END:
            self.at += 1
            field = field + (head >> 4) if head >> 4 else self.signed()
            found[field] = self.value(head & 15)
        self.at += 1
        return found


def columns(data: bytes, names: list[str]) -> list[list[Any]]:
    """All values of the named columns; text as bytes, INT96 as 12 bytes. Raises AssertionError at a null."""
    (length,) = struct.unpack("<I", data[-8:-4])
    footer = Compact(data, len(data) - 8 - length).fields()
    (group,) = footer[4]
    chunks = {chunk[3][3][0].decode(): chunk[3] for chunk in group[1]}
    return [list(_column(data, chunks[name])) for name in names]


def _column(data: bytes, chunk: dict[int, Any]) -> Iterator[Any]:
    at, left, known = chunk.get(11) or chunk[9], chunk[5], []
    while left:
        header = Compact(data, at)
        page = header.fields()
        at = header.at + page[3]
        body = bytes(snappy.decompress_raw(data[header.at : at]))
        if page[1] == _DICTIONARY_PAGE:
            known = list(_plain(body, chunk[1], page[7][1]))
            continue
        count = page[5][1]
        (levels,) = struct.unpack_from("<I", body)
        assert all(level == 1 for level in _runs(body[4 : 4 + levels], 1, count)), "there are nulls"
        values = body[4 + levels :]
        if page[5][2] == _PLAIN_VALUES:
            yield from _plain(values, chunk[1], count)
        else:
            yield from map(known.__getitem__, _runs(values[1:], values[0], count))
        left -= count


def _plain(body: bytes, kind: int, count: int) -> Iterator[Any]:
    if kind in _PLAIN:
        yield from struct.unpack_from(f"<{count}{_PLAIN[kind]}", body)
        return
    at = 0
    for _ in range(count):
        length = 12
        if kind == _BYTES:
            (length,) = struct.unpack_from("<I", body, at)
            at += 4
        yield body[at : at + length]
        at += length


def _runs(body: bytes, width: int, count: int) -> Iterator[int]:
    """The hybrid of run lengths and bit packing."""
    reader, mask = Compact(body, 0), (1 << width) - 1
    while count > 0:
        head = reader.number()
        if head & 1:
            size = (head >> 1) * width
            packed = int.from_bytes(body[reader.at : reader.at + size], "little")
            reader.at += size
            for _ in range(head >> 1):
                eight, packed = packed & ((1 << 8 * width) - 1), packed >> 8 * width
                for shift in range(0, 8 * width, width):
                    if count > 0:
                        count -= 1
                        yield eight >> shift & mask
        else:
            size = -(-width // 8)
            value = int.from_bytes(body[reader.at : reader.at + size], "little")
            reader.at += size
            for _ in range(min(count, head >> 1)):
                yield value
            count -= head >> 1
