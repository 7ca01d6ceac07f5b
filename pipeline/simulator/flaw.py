"""Flaws: what goes wrong on the way, at a small rate: calls come late, twice, or broken."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from pipeline.domain.value.instant import DAY, HOUR, MINUTE, format_instant

Call = dict[str, Any]


def _without_ids(call: Call) -> bytes:
    return encode({**call, "anonymousId": None, "userId": None})


def _wrong_type(call: Call) -> bytes:
    return encode({**call, "type": "tracked"})


def _absurd_time(call: Call) -> bytes:
    return encode({**call, "timestamp": "1970-01-01T00:00:00.000Z"})


def _cut_off(call: Call) -> bytes:
    return encode(call)[:-17]


def _not_a_number(call: Call) -> bytes:
    return json.dumps({**call, "properties": {"price": float("nan")}}).encode()


def _negative(call: Call) -> bytes:
    return encode({**call, "type": "track", "event": "Product Added", "properties": {"price": -1, "quantity": 1}})


_DAMAGES: tuple[Callable[[Call], bytes], ...] = (
    _without_ids, _wrong_type, _absurd_time, _cut_off, _not_a_number, _negative,
)  # fmt: skip


def encode(call: Call) -> bytes:
    return json.dumps(call, separators=(",", ":")).encode()


class Flaws:
    """rate: share of the calls that something happens to."""

    def __init__(self, random: Random, rate: float) -> None:
        self._random, self._rate = random, rate

    def deliveries(self, call: Call, received: int) -> list[tuple[int, bytes]]:
        """When (ms) and as which bytes a call comes in: mostly once, at `received`, as it is."""
        random = self._random
        if random.random() >= self._rate:
            return [(received, encode(call))]
        fate = random.random()
        if fate < 0.4:
            # A retry: the same message with another sentAt.
            again = received + random.randrange(500, 2 * MINUTE)
            retried = {**call, "sentAt": format_instant(again - 50), "receivedAt": format_instant(again)}
            return [(received, encode(call)), (again, encode(retried))]
        if fate < 0.8:
            # A phone without a network, or one that was switched off for a week.
            late = received + random.choice((random.randrange(HOUR, 20 * HOUR), random.randrange(8 * DAY, 12 * DAY)))
            return [(late, encode({**call, "sentAt": format_instant(late - 50), "receivedAt": format_instant(late)}))]
        return [(received, random.choice(_DAMAGES)(call))]
