"""The files of an archive, row by row: calls as the collector would put them on the log, and rows that are none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pipeline.archive import enriched_event, ga4_export, segment_archive
from pipeline.archive.row import ReadRow, Row
from pipeline.collector.record import strip
from pipeline.collector.wire.request import Call
from pipeline.collector.wire.snowplow import calls_of
from pipeline.domain.intake.refusal import OVERSIZE, UNDECODABLE, Refusal, RefusedCall
from pipeline.replay.mapping import Mapping
from pipeline.replay.source import ByteStream, InputError
from pipeline.replay.table import TableSource

SEGMENT, RUDDERSTACK, SNOWPLOW, GA4, CSV = "segment", "rudderstack", "snowplow", "ga4", "csv"
FORMATS = (SEGMENT, RUDDERSTACK, SNOWPLOW, GA4, CSV)
_READERS: dict[str, ReadRow] = {
    SEGMENT: segment_archive.read_row,
    RUDDERSTACK: segment_archive.read_row,
    GA4: ga4_export.read_row,
}
LIMIT = 1_000_000
"""Bytes of a row, and of what it comes to: a record that topics take as brokers make them."""

_json = msgspec.json.Encoder().encode


class Item(NamedTuple):
    """line: where it stands, from 1. value: for the clickstream, or why there is none. original: the row's bytes, of
    one that is too long its beginning."""

    line: int
    value: bytes | Refusal
    original: bytes


class ArchiveSource:
    """One file of an archive, also compressed. read, size: of its bytes, see replay.source.Source. mapping: of CSV.

    Raises InputError where it is opened or breaks off, MappingError where a mapping does not fit.
    """

    def __init__(self, path: Path, form: str, mapping: Mapping | None = None) -> None:
        self.name = str(path)
        self._form = form
        self._table = TableSource(self.name, mapping) if mapping is not None else None
        self._bytes = ByteStream(self.name) if self._table is None else None
        source = self._table or self._bytes
        assert source is not None  # noqa: S101 - one of the two
        self.size, self.read = source.size, source.read

    def __iter__(self) -> Iterator[Item]:
        if self._table is not None:
            for line, value, original in self._table:
                yield Item(line, value or Refusal(UNDECODABLE, b"", "a damaged row"), original or value)
        elif self._form == SNOWPLOW:
            yield from self._enriched()
        else:
            yield from self._rows(_READERS[self._form])

    def _rows(self, read_row: ReadRow) -> Iterator[Item]:
        for number, line in self._lines():
            try:
                row = read_row(_whole(line))
            except RefusedCall as refused:
                yield Item(number, Refusal(refused.reason, b"", refused.detail), line)
                continue
            yield from _items(number, row, line)

    def _enriched(self) -> Iterator[Item]:
        refused: list[Item] = []

        def sent() -> Iterator[tuple[enriched_event.Sent, Any]]:
            for number, line in self._lines():
                try:
                    fields, received = enriched_event.sent_of(_whole(line))
                except RefusedCall as why:
                    refused.append(Item(number, Refusal(why.reason, b"", why.detail), line))
                    continue
                yield fields, (number, line, received)

        for together, (number, line, received) in enriched_event.with_items(sent()):
            yield from refused
            refused.clear()
            yield from _items(number, Row(calls_of(together), received), line)
        yield from refused

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        assert self._bytes is not None  # noqa: S101 - only tables have none
        for number, line in enumerate(self._bytes.lines(LIMIT), 1):
            line = line.rstrip(b"\r\n")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line and not line.isspace():
                yield number, line


def files_of(inputs: list[Path]) -> list[Path]:
    """Files by name, those of directories in order of their paths; not those that begin with a dot or an underscore, as
    markers of Hadoop and Spark do. Raises InputError."""
    found: list[Path] = []
    for given in inputs:
        if given.is_dir():
            inside = [path for path in sorted(given.rglob("*")) if path.is_file() and not _is_marker(path, given)]
            if not inside:
                raise InputError(f"{given} has no files.")
            found += inside
        else:
            found.append(given)
    return found


def _is_marker(path: Path, folder: Path) -> bool:
    return any(part[0] in "._" for part in path.relative_to(folder).parts)


def _whole(line: bytes) -> bytes:
    if len(line) > LIMIT:
        raise RefusedCall(OVERSIZE, f"more than {LIMIT} bytes")
    return line


def _items(number: int, row: Row, line: bytes) -> Iterator[Item]:
    for call in row.calls:
        yield Item(number, call if isinstance(call, bytes) else _value(call, row.received), line)


def _value(call: Call, received: str | None) -> bytes:
    """The call; in an envelope that tells when it was received, where a server has stamped it, so that intake corrects
    the client's clock as it did then."""
    strip(call)
    return _json(call if received is None else {"batch": [call], "receivedAt": received})
