"""An item: what a record of shopper-events is to the shopper agent. Events are decoded when it is their turn."""

import msgspec

from pipeline.domain.event import Event
from pipeline.runtime.dead_letter import UNDECODABLE
from pipeline.runtime.fold import Refused
from pipeline.runtime.ports import RESERVED, Record
from pipeline.runtime.progress import PROGRESS_PREFIX, Progress, decode_progress

Item = Progress | Refused

_decode_event = msgspec.json.Decoder(Event).decode


def decode_item(record: Record) -> Item | None:
    """None for what should be an event: see `decode_event`. Refused what is none of ours; the rest goes on."""
    key, value = record.key, record.value
    if not key or value is None:
        return Refused(UNDECODABLE, "no key or no value")
    if key[:1] != RESERVED:
        return None
    try:
        if key.startswith(PROGRESS_PREFIX):
            return decode_progress(value)
        return Refused(UNDECODABLE, "unknown kind of record")
    except (msgspec.DecodeError, UnicodeError) as error:
        return Refused(UNDECODABLE, type(error).__name__)


def decode_event(record: Record) -> Event | Refused:
    """The event of a record that has a key and a value."""
    try:
        event = _decode_event(record.value)  # type: ignore[arg-type]
        if event.shopper.encode() != record.key:
            return Refused(UNDECODABLE, "the key is not the event's shopper")
        return event
    except (msgspec.DecodeError, UnicodeError) as error:
        return Refused(UNDECODABLE, type(error).__name__)
