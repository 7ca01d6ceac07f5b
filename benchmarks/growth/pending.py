"""Shoppers who wait for a timer: a cart each, whose abandonment is due at a given instant."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from benchmarks.growth.partition import topology
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import HOUR
from pipeline.state.record import RecordCodec

STAGE = 4 * HOUR
"""Of the reference topology's abandonment."""


def pending(dues: Iterable[int], plan: Plan | None = None, *, reachable: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """(key, stored record) of a shopper for each due instant, ms. plan: None, the reference's. reachable: they have an
    address and may be written to."""
    engine, codec = Engine(plan or topology().plan()), RecordCodec()
    for number, due in enumerate(dues):
        at, shopper, name = due - STAGE, Shopper(), f"p{number}"
        events = [Event("track", "Product Added", name, at, at, f"a{number}", 1, _json(_line(number)))]
        if reachable:
            granted = _json({"channel": "email", "status": "granted"})
            address = _json({"email": f"{name}@shop.example"})
            events += [
                Event("track", "Consent Changed", name, at, at, f"b{number}", 2, granted),
                Event("identify", "identify", name, at, at, f"c{number}", 3, traits=address),
            ]
        for event in events:
            engine.decide(shopper, event, at)
        yield name.encode(), codec.encode(shopper)


def _line(number: int) -> dict[str, object]:
    return {"product_id": str(number % 500), "price": 19.5, "quantity": 1}


def _json(value: dict[str, object]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def evenly(count: int, begin: int, end: int) -> Iterator[int]:
    """Instants from `begin` to before `end`, ms."""
    return (begin + (end - begin) * number // count for number in range(count))


def percentile(values: Sequence[float], share: float) -> float:
    """0 of nothing."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
