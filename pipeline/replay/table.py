"""Tables: rows of a CSV file, grouped and made into calls as a mapping says."""

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from pipeline.domain.value.instant import from_datetime
from pipeline.domain.value.number import parse_decimal
from pipeline.replay.mapping import Becomes, Field, Fields, Mapping, MappingError
from pipeline.replay.source import ByteStream, InputError, Value

# Rows of one group stand within so many rows of each other: invoices of several tills interleave.
SPREAD = 1_000

# Standard fields that are numbers. As JSON numbers they read a good deal faster than as text; what is no plain number
# stays text, for intake to refuse.
_NUMBERS = frozenset({"price", "quantity", "total", "subtotal", "revenue", "value", "shipping", "tax", "discount"})
_PLAIN = re.compile(r"-?\d{1,10}(\.\d{1,4})?", re.ASCII)

Row = dict[str, str]


class Group(msgspec.Struct):
    """Rows that become one event. line: of the first. last: number of the latest row. original: their bytes."""

    line: int
    last: int
    rows: list[Row]
    original: list[bytes]


class TableSource:
    """A CSV file with a header as a source of calls. See source.Source."""

    def __init__(self, name: str, mapping: Mapping) -> None:
        self._bytes = ByteStream(name)
        self.name, self.size, self.read = name, self._bytes.size, self._bytes.read
        self._mapping = mapping
        self._zone = ZoneInfo(mapping.time.timezone)
        self._orders: dict[tuple[str, str, str], str] = {}

    def __iter__(self) -> Iterator[Value]:
        for group in self._groups():
            yield from self._calls(group)

    def _groups(self) -> Iterator[Group]:
        """Groups in the order of their first rows."""
        mapping, waiting = self._mapping, dict[Any, Group]()
        for number, (line, row, original) in enumerate(self._rows(), 1):
            if row is None:
                waiting[number] = Group(line, number, [], [original])
            elif not any(one.passes(row) for one in mapping.skip):
                key: Any = tuple(row[column] for column in mapping.group_by) or number
                group = waiting.get(key)
                if group is None:
                    waiting[key] = Group(line, number, [row], [original])
                else:
                    group.rows.append(row)
                    group.original.append(original)
                    group.last = number
            while waiting:
                first = next(iter(waiting))
                if mapping.group_by and number - waiting[first].last < SPREAD:
                    break
                yield waiting.pop(first)
        yield from waiting.values()

    def _rows(self) -> Iterator[tuple[int, Row | None, bytes]]:
        """(line, row, its bytes); the row is None if it is damaged: not of the encoding, or of another width."""
        taken, undecodable = list[bytes](), list[bytes]()
        encoding = self._mapping.encoding

        def lines() -> Iterator[str]:
            for line in self._bytes.lines():
                taken.append(line)
                try:
                    yield line.decode(encoding)
                except UnicodeDecodeError:
                    undecodable.append(line)
                    yield line.decode(encoding, "replace")

        rows = csv.reader(lines(), delimiter=self._mapping.delimiter)
        try:
            header = [name.removeprefix("\ufeff").strip() for name in next(rows, [])]
            missing = [column for column in self._mapping.columns() if column not in header]
            if missing:
                raise MappingError(f"{self.name} has no column {missing[0]!r}; it has {', '.join(header)}.")
            line = 1 + len(taken)
            taken.clear()
            for cells in rows:
                original, line, began = b"".join(taken).rstrip(b"\r\n"), line + len(taken), line
                taken.clear()
                if not cells:
                    continue
                damaged = len(cells) != len(header) or bool(undecodable)
                undecodable.clear()
                yield began, None if damaged else dict(zip(header, cells, strict=True)), original
        except csv.Error as error:
            raise InputError(f"{self.name} is no CSV from line {rows.line_num} on: {error}.") from None

    def _calls(self, group: Group) -> Iterator[Value]:
        original = b"\n".join(group.original)
        if not group.rows:
            yield group.line, b"", original
            return
        first = group.rows[0]
        becomes = next((one for one in self._mapping.events if one.when is None or one.when.passes(first)), None)
        if becomes is None:
            return
        shopper = _text(self._mapping.shopper, first)
        call = {"type": becomes.type, "userId": shopper, "timestamp": self._time(first)}
        if becomes.event is not None:
            call["event"] = becomes.event
        for order_id, rows in self._by_order(becomes, shopper, group.rows):
            properties = _values(becomes.properties, rows)
            if becomes.products:
                properties["products"] = [_values(becomes.products, [row]) for row in rows]
            message = [first[column] for column in becomes.message_id]
            if order_id is not None:
                properties["order_id"], properties["refund_id"] = order_id, "/".join([*message, order_id])
                message.append(order_id)
            body = call | {"properties": properties, "traits": _values(becomes.traits, rows)}
            if becomes.message_id:
                body["messageId"] = "/".join(message)
            yield group.line, msgspec.json.encode(body), original

    def _by_order(self, becomes: Becomes, shopper: str | None, rows: list[Row]) -> list[tuple[str | None, list[Row]]]:
        """The rows as they are, or apart by the orders that they take back."""
        refund, orders = becomes.refund_of, self._orders
        if refund is None:
            for other in self._mapping.events:
                if other.refund_of is not None and other.refund_of.event == becomes.event:
                    order_id = _text(becomes.properties.get("order_id", ""), rows[0]) or ""
                    for row in rows:
                        orders[becomes.event, shopper or "", row[other.refund_of.product]] = order_id
            return [(None, rows)]
        if shopper is None:
            return [(None, rows)]
        apart: dict[str, list[Row]] = {}
        for row in rows:
            unknown = "-".join(["unmatched", *(row[column] for column in becomes.message_id)])
            order_id = orders.get((refund.event, shopper or "", row[refund.product]), unknown)
            apart.setdefault(order_id, []).append(row)
        return list(apart.items())

    def _time(self, row: Row) -> str | int:
        """ms since the epoch; the text itself, for intake to refuse, if it cannot be read."""
        time = self._mapping.time
        text = row[time.column].strip()
        try:
            moment = datetime.strptime(text, time.format) if time.format else datetime.fromisoformat(text)
        except ValueError:
            return text
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=self._zone))


def _values(fields: Fields, rows: list[Row]) -> dict[str, Any]:
    values = {}
    for name, field in fields.items():
        value = _sum(field, rows) if isinstance(field, Field) and field.sum else _value(field, rows[0])
        if name in _NUMBERS and isinstance(value, str) and _PLAIN.fullmatch(value):
            value = float(value) if "." in value else int(value)
        if value is not None:
            values[name] = value
    return values


def _value(field: str | Field, row: Row) -> Any:
    if isinstance(field, Field) and field.column is None:
        return field.value
    return _text(field, row)


def _text(field: str | Field, row: Row) -> str | None:
    if isinstance(field, str):
        return row.get(field) or None
    if field.column is None:
        return None if field.value is None else str(field.value)
    text = row[field.column].removeprefix(field.remove_prefix).removesuffix(field.remove_suffix)
    return (text.lstrip("+-") if field.absolute else text) or None


def _sum(field: Field, rows: list[Row]) -> str | None:
    """Exact, as a plain decimal; None if a cell is no number (then there is no sum to tell)."""
    total = Decimal(0)
    for row in rows:
        product = Decimal(1)
        for column in field.sum:
            number = parse_decimal(row[column])
            if number is None:
                return None
            product *= number
        total += product
    return f"{abs(total) if field.absolute else total:f}"
