"""What a member of very many orders costs: bytes of the record, and the cost of an event, as the orders add up.

Usage: python -m benchmarks.member [--orders 10000] [--uncounted]
"""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from time import thread_time_ns
from typing import Any

import msgspec

from benchmarks.budget import mark, totals
from benchmarks.members import with_club
from benchmarks.result import Figure, record
from pipeline.config.topology import parse
from pipeline.domain.block import KEPT, MOST
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY
from pipeline.state.record import RecordCodec
from pipeline.stats.record_parts import part_sizes

AT = (100, 500, 1_000, 2_000, 5_000, 10_000)
"""Numbers of orders at which is looked."""
BEGIN = 20_000 * DAY
TRIES = 7
"""Of each event; the least time counts, as whatever disturbs only adds."""
COUNTED = MOST - KEPT
"""Events of which time is taken and instructions are counted: as many as rows are packed at once. WARM go before."""
WARM = 4
SHOPS: dict[str, Callable[[], str]] = {"club": with_club, "demo": lambda: Path("topology.yaml").read_text()}


class Member:
    """One member's record as stored, and the events that touch it."""

    def __init__(self, engine: Engine, stored: bytes | None = None) -> None:
        self._engine, self._codec = engine, RecordCodec()
        self.stored = self._codec.encode(Shopper()) if stored is None else stored

    def take(self, event: Event) -> int:
        """Nanoseconds of decoding the record, deciding, and encoding it."""
        begun = thread_time_ns()
        shopper = self._codec.decode(self.stored)
        self._engine.decide(shopper, event, event.received)
        self.stored = self._codec.encode(shopper)
        return thread_time_ns() - begun

    def parts(self) -> dict[str, int]:
        """Bytes of the record by part."""
        shopper = self._codec.decode(self.stored)
        _ = shopper.orders
        return part_sizes(shopper, len(self.stored))


def events_of(kind: str, orders: int) -> list[Event]:
    return [EVENTS[kind](orders + number) for number in range(WARM + COUNTED)]


def engine_of(shop: str) -> Engine:
    return Engine(parse(SHOPS[shop](), {}).plan())


def bought(number: int) -> Event:
    """The order of day `number`: two products, now and then shipping, at some millisecond of the day."""
    random = Random(number)
    at = BEGIN + number * DAY + random.randrange(DAY)
    first, second, pieces = random.randint(199, 4_999), random.randint(199, 9_999), random.randint(1, 3)
    shipping = random.choice((0, 0, 495))
    products = [
        {"product_id": f"p{random.randint(1, 500)}", "price": first / 100, "quantity": pieces},
        {"product_id": f"p{random.randint(1, 500)}", "price": second / 100},
    ]
    total = f"{(first * pieces + second + shipping) / 100:.2f}"
    told = {"order_id": f"o{number}", "total": total, "shipping": shipping / 100, "products": products}
    return _event("Order Completed", number, at, told)


def viewed(number: int) -> Event:
    return _event("Product Viewed", number, BEGIN + number * DAY + DAY // 2, {"product_id": "p1", "price": 20})


def gave_back(number: int) -> Event:
    """A little of an order of a year before."""
    told = {"order_id": f"o{max(0, number - 365)}", "refund_id": f"r{number}", "total": 1}
    return _event("Order Refunded", number, BEGIN + number * DAY + DAY // 2, told)


EVENTS: dict[str, Callable[[int], Event]] = {"order": bought, "view": viewed, "refund_of_last_year": gave_back}


def _event(name: str, number: int, at: int, told: dict[str, Any]) -> Event:
    message_id = f"{name}-{number}"
    return Event("track", name, "m", at, at, message_id, number + 1, msgspec.Raw(msgspec.json.encode(told)))


def lifetime(shop: str, at: tuple[int, ...]) -> Iterator[tuple[int, dict[str, float], bytes]]:
    """(orders, what the member costs by then, the stored record)."""
    member, largest = Member(engine_of(shop)), 0
    for number in range(max(at)):
        member.take(bought(number))
        largest = max(largest, len(member.stored))
        if number + 1 in at:
            parts = member.parts()
            bytes_ = {"bytes": len(member.stored), "bytes_largest": largest}
            bytes_ |= {f"bytes_{part.replace(' ', '_')}": parts[part] for part in ("orders", "loyalty")}
            yield number + 1, bytes_, member.stored


def microseconds(engine: Engine, stored: bytes, events: list[Event]) -> float:
    """Of one of these events on a stored record."""
    total = 0
    for event in events:
        tried = []
        for _ in range(TRIES):
            member = Member(engine, stored)
            tried.append(member.take(event))
        total, stored = total + min(tried), member.stored
    return round(total / len(events) / 1000, 1)


def count(order: Path, records: Path) -> None:
    """Under callgrind: take events of each kind on each record, and say which they were."""
    marks: list[str] = []
    engines = {shop: engine_of(shop) for shop in SHOPS}
    for file in sorted(records.iterdir()):
        shop, orders = file.stem.split("-")
        for kind in EVENTS:
            member = Member(engines[shop], file.read_bytes())
            events = events_of(kind, int(orders))
            for event in events[:WARM]:
                member.take(event)
            mark(marks, "between")
            for event in events[WARM:]:
                member.take(event)
            mark(marks, f"{file.stem} {kind}")
    order.write_text("\n".join(marks))


def measured(at: tuple[int, ...], *, counted: bool) -> dict[str, dict[str, float]]:
    """By shop and number of orders. counted: instructions too, which takes minutes."""
    figures: dict[str, dict[str, float]] = defaultdict(dict)
    with tempfile.TemporaryDirectory() as name:
        for shop in SHOPS:
            for orders, found, stored in lifetime(shop, at):
                engine = engine_of(shop)
                figures[f"{shop}-{orders}"] |= found
                for kind in EVENTS:
                    figures[f"{shop}-{orders}"][f"{kind}_us"] = microseconds(engine, stored, events_of(kind, orders))
                (Path(name) / f"{shop}-{orders}").write_bytes(stored)
        counts = totals("benchmarks.member", "--records", name) if counted else {}
        for done, instructions in counts.items():
            if done != "between":
                where, kind = done.split()
                figures[where][f"{kind}_instructions"] = round(instructions / COUNTED)
    return dict(figures)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.member", description=__doc__)
    parser.add_argument("--orders", type=int, default=max(AT))
    parser.add_argument("--uncounted", action="store_true", help="without instructions")
    parser.add_argument("--records", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.count is not None:
        count(given.count, given.records)
        return
    found = measured(tuple(orders for orders in AT if orders <= given.orders), counted=not given.uncounted)
    figures: dict[str, Figure | str] = {
        f"{where.replace('-', '_')}_{name}": value for where, each in found.items() for name, value in each.items()
    }
    if "club-2000" in found:
        figures["record_bytes"] = found["club-2000"]["bytes_largest"]
        unit = "us" if given.uncounted else "instructions"
        begin, end = (found[f"club-{orders}"][f"order_{unit}"] for orders in (500, 2_000))
        figures["order_growth_percent"] = round((end / begin - 1) * 100, 1)
    record(
        "member",
        "One shopper with an order a day of some amount at some millisecond, with the reference topology and the full "
        "club of the language's page (club), and with the demo's topology (demo). Bytes of the record as stored, the "
        "largest so far, those of orders and of loyalty. An order, a product view, a refund of an order of a year "
        f"before: record decoded, decided, encoded, the mean of {COUNTED} of them in a row; us: of each the least of "
        f"{TRIES} tries; instructions, unless --uncounted: by callgrind. record_bytes: the largest of up to 2,000 "
        "orders, club. order_growth_percent: instructions of an order at 2,000 orders over those at 500, when the "
        "rolling year is full, club; us with --uncounted.",
        "2,000 orders: record <= 32 KiB, cost of an event flat",
        figures,
    )


if __name__ == "__main__":
    main()
