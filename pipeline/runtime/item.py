"""An item: what a record of shopper-events is to the shopper agent."""

import msgspec

from pipeline.domain.event import Event
from pipeline.runtime.dead_letter import UNDECODABLE
from pipeline.runtime.fold import Refused
from pipeline.runtime.ports import RESERVED, Record
from pipeline.runtime.progress import PROGRESS_PREFIX, Progress, decode_progress

Item = Event | Progress | Refused

_decode_event = msgspec.json.Decoder(Event).decode


def decode_item(record: Record) -> Item:
    """Refused what is none of ours; the rest of the batch goes on."""
    key, value = record.key, record.value
    if not key or value is None:
        return Refused(UNDECODABLE, "no key or no value")
    try:
        if key[:1] == RESERVED:
            if key.startswith(PROGRESS_PREFIX):
                return decode_progress(value)
            return Refused(UNDECODABLE, "unknown kind of record")
        event = _decode_event(value)
        if event.shopper.encode() != key:
            return Refused(UNDECODABLE, "the key is not the event's shopper")
        return event
    except (msgspec.DecodeError, UnicodeError) as error:
        return Refused(UNDECODABLE, type(error).__name__)
