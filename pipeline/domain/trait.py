"""Profile traits: the latest word on each top-level name wins, by (event time, message id) (readings.md, 19)."""

from pipeline.domain.event import Event, decode_object
from pipeline.domain.shopper import Shopper, TraitValue

# A shopper has no more named traits than this; further names are not taken, and counted as `trait_limit`.
LIMIT = 500


def fold_traits(shopper: Shopper, event: Event, remarks: list[str]) -> None:
    """Take in an identify call. Nested objects replace; null deletes, and is kept so that older words stay out."""
    traits, mark = shopper.traits, (event.time, event.message_id)
    for name, value in decode_object(event.traits).items():
        known = traits.get(name)
        if known is None:
            if len(traits) >= LIMIT:
                remarks.append("trait_limit")
                continue
        elif (known.time, known.message_id) >= mark:
            continue
        traits[name] = TraitValue(value, event.time, event.message_id)
