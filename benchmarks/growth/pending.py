"""Shoppers who wait for a timer: a cart each, whose abandonment is due at a given instant."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from benchmarks.growth.partition import topology
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import HOUR
from pipeline.state.record import RecordCodec

STAGE = 4 * HOUR
"""Of the reference topology's abandonment."""


def pending(dues: Iterable[int]) -> Iterator[tuple[bytes, bytes]]:
    """(key, stored record) of a shopper for each due instant, ms."""
    engine, codec = Engine(topology().plan()), RecordCodec()
    for number, due in enumerate(dues):
        at = due - STAGE
        properties = msgspec.json.encode({"product_id": str(number % 500), "price": 19.5, "quantity": 1})
        event = Event("track", "Product Added", f"p{number}", at, at, f"a{number}", 1, msgspec.Raw(properties))
        shopper = Shopper()
        engine.decide(shopper, event, at)
        yield event.shopper.encode(), codec.encode(shopper)


def evenly(count: int, begin: int, end: int) -> Iterator[int]:
    """Instants from `begin` to before `end`, ms."""
    return (begin + (end - begin) * number // count for number in range(count))


def percentile(values: Sequence[float], share: float) -> float:
    """0 of nothing."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
