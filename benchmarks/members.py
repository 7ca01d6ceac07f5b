"""The reference topology with the full `club` of the language's page, and its members whose points expire at one
instant."""

from collections.abc import Iterator
from typing import Any

import msgspec

from benchmarks.cluster import REFERENCE, reference
from pipeline.domain.commerce.order import order_key
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY
from pipeline.state.record import RecordCodec

CLUB = """\
loyalty:
  club:
    earn:
      - {on: Order Completed, points: 1, per: 1.00, exclude: [shipping, tax, gift_cards]}
      - {on: Product Reviewed, points: 50, limit: {times: 1, within: 30d}}
      - {on: Account Created, points: 100, limit: {times: 1}}
      - {on: $birthday, trait: birthday, points: 200}
      - {on: Referral Completed, points: 500, also: referrer_id}
    confirm_after: 14d
    expire: {after: 365d, at: end_of_month, notices: [30d, 7d, 1d]}
    refunds: negative_allowed
    tiers:
      metric: points_earned
      window: {rolling: 365d}
      levels:
        - {name: bronze, from: 0}
        - {name: silver, from: 1000, keep: 800, multiplier: 1.25}
        - {name: gold, from: 5000, keep: 4000, multiplier: 1.5}
      term: 365d
      grace: 30d
      downgrade: one_level
      notices: [60d, 30d, 7d]
"""

# Of the month before the one that precedes the expiry, so that all lots end with it.
_DAYS = 27


def with_club(partitions: int = 4, club: str = CLUB) -> str:
    """Text of the reference topology with the full club, or another, in place of its plain one."""
    plain = REFERENCE.read_text()
    return reference(partitions).replace(plain[plain.index("loyalty:\n") :], club)


def order(name: str, number: int, at: int, total: str = "59.90") -> Event:
    """A completed order of two lines. at: ms."""
    products = [{"product_id": f"p{number % 50}", "price": 19.95, "quantity": 2}, {"product_id": "x", "price": 20}]
    told = {"order_id": f"o{number}", "total": total, "products": products}
    return Event("track", "Order Completed", name, at, at, f"m{number}", number + 1, _json(told))


def _json(value: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def expiring(count: int, due: int, plan: Plan) -> Iterator[tuple[bytes, bytes]]:
    """(key, stored record) of members who each have one lot that expires at `due` (ms), the first instant of a month;
    all that was to happen before has happened. The first of each day is made by the engine, the others are as it is,
    with an order of their own."""
    engine, codec = Engine(plan), RecordCodec()
    made = []
    for day in range(min(count, _DAYS)):
        shopper, at = Shopper(), due - (366 + day) * DAY
        engine.decide(shopper, order("m", day, at), at)
        engine.on_due(shopper, "m", due - DAY // 24)
        made.append(codec.encode(shopper))
    for number in range(count):
        shopper = codec.decode(made[number % _DAYS])
        key = order_key(f"o{number}")
        shopper.orders[0].key = shopper.standings["club"].lots[0].order = key
        yield f"p{number}".encode(), codec.encode(shopper)
