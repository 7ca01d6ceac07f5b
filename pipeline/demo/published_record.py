"""A record of a public topic as it is shown: a line for people, or data."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from confluent_kafka import Message

from pipeline.config.flow import DEAD_LETTERS
from pipeline.config.topology import Topology
from pipeline.demo.cast import cast_of
from pipeline.demo.sentence import printable, sentence
from pipeline.domain.decision import SEGMENT_CALLS
from pipeline.domain.value.instant import format_instant
from schemas.decision_reader import decision_reader

# Characters of what a client or a provider wrote.
_LONGEST = 120


class PublishedRecord(msgspec.Struct, frozen=True):
    """topic: logical name. timestamp: ms. value: as JSON, None if it is none; raw: as text then, and None of a
    deletion. kinds: see sentence.py."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: str
    headers: Mapping[str, str]
    value: Any
    raw: str | None
    kinds: Mapping[str, str]

    def data(self) -> dict[str, Any]:
        """With its place, for programs."""
        shown = ("topic", "partition", "offset", "key", "headers", "value")
        told = {name: getattr(self, name) for name in shown} | {"timestamp": format_instant(self.timestamp)}
        return told | ({"raw": self.raw} if self.raw is not None else {})

    def line(self) -> str:
        """For people: when it became true, where it stands, and what it says. No client's text drives a terminal."""
        told, at = self.told(), self.headers.get("ce_time") or format_instant(self.timestamp)
        return f"{printable(at, _LONGEST)}  {self.topic:<20}  {told}"

    def told(self) -> str:
        if self.topic == DEAD_LETTERS:
            reason, detail = self.headers.get("reason", "?"), self.headers.get("detail", "")
            place = ", ".join(f"{name} {self.headers.get(name, '?')}" for name in ("partition", "offset"))
            return printable(f"{reason}{f': {detail}' if detail else ''} ({place})", _LONGEST)
        if self.value is None:
            what = "is deleted" if self.raw is None else "holds a value that can't be read by this topology's format"
            return f"{printable(self.key)} {what} (partition {self.partition}, offset {self.offset})"
        try:
            return self._call() if self.topic == SEGMENT_CALLS else self._decision()
        except (KeyError, TypeError, AttributeError):
            # Of another release, or of somebody else.
            return printable(msgspec.json.encode(self.value).decode(), _LONGEST)

    def _call(self) -> str:
        call = self.value
        what = f"{call['event']}: {call['properties']}" if call["type"] == "track" else f"{call['traits']}"
        return f"{printable(self.key)} {call['type']} {printable(what, _LONGEST)}"

    def _decision(self) -> str:
        told = sentence(self.topic, self.value, self.kinds)
        return f"{told} (silent)" if self.value["silent"] else told


def reader_of(topology: Topology, topics: Mapping[str, str]) -> Callable[[Message], PublishedRecord]:
    """What shows records of these topics. topics: name on the brokers -> logical name."""
    plain = msgspec.json.decode
    readers: dict[str, Callable[[bytes], Any]] = {
        name: plain if name in (DEAD_LETTERS, SEGMENT_CALLS) else decision_reader(name, topology.kafka.format)
        for name in topics.values()
    }
    kinds = cast_of(topology).kinds

    def read(message: Message) -> PublishedRecord:
        topic = topics[message.topic() or ""]
        value = message.value()
        decoded = None if value is None else _decoded(readers[topic], value)
        return PublishedRecord(
            topic=topic,
            partition=message.partition() or 0,
            offset=message.offset() or 0,
            timestamp=message.timestamp()[1],
            key=_text(message.key()),
            headers={name: _text(held) for name, held in dict(message.headers() or ()).items()},
            value=decoded,
            raw=None if value is None or decoded is not None else _text(value),
            kinds=kinds,
        )

    return read


def _decoded(reader: Callable[[bytes], Any], value: bytes) -> Any:
    try:
        return reader(value)
    except ValueError:
        # Both readers' errors are ValueErrors; so is text that is not UTF-8.
        return None


def _text(held: Any) -> str:
    return held.decode(errors="backslashreplace") if isinstance(held, bytes) else str(held or "")
