"""Profile traits: the latest word on each top-level name wins, by (event time, message id) (readings.md, 19)."""

from pipeline.domain.event import Event, decode_object
from pipeline.domain.segments.asked_trait import AskedTraits
from pipeline.domain.shopper import Shopper, TraitValue
from pipeline.domain.value.extent import fits
from pipeline.domain.value.kind import changes_kind

# A shopper has no more named traits than this; further names are not taken, and counted as `trait_limit`.
LIMIT = 500
# Bytes of a name; longer ones are counted as `value_too_large`.
NAME = 256


def fold_traits(shopper: Shopper, event: Event, remarks: list[str], asked: AskedTraits) -> None:
    """Take in an identify call. Nested objects replace; null deletes, and is kept so that older words stay out. A trait
    that is too large, by its name or its value, is not taken: what was known of it stays.

    asked: what conditions ask of traits.
    """
    traits, mark = shopper.traits, (event.time, event.message_id)
    told = decode_object(event.traits)
    if asked.mistyped(told):
        remarks.append("value_mistyped")
    for name, value in told.items():
        known = traits.get(name)
        if known is None:
            if len(traits) >= LIMIT:
                remarks.append("trait_limit")
                continue
        elif (known.time, known.message_id) >= mark:
            continue
        if not fits(value) or len(name.encode()) > NAME:
            remarks.append("value_too_large")
            continue
        if known is not None and (changes_kind(known.value, value) or asked.changes_type(name, known.value, value)):
            remarks.append("type_changed")
        traits[name] = TraitValue(value, event.time, event.message_id)
