"""Traffic: all visits of a shop, as one stream in the order in which calls come in."""

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from pipeline.domain.value.instant import DAY, HOUR
from pipeline.simulator.call import OFFICE_DELAY, browser_call, cancel_call, refund_call
from pipeline.simulator.catalogue import Catalogue
from pipeline.simulator.flaw import Flaws
from pipeline.simulator.persona import Persona, persona
from pipeline.simulator.visit import Click, Order, Visit

# Calls of a mean visit, measured; what the rate of visits is made of.
_CALLS_A_VISIT = 15.0
_REFUNDED, _CANCELLED = 0.08, 0.02


class Delivery(NamedTuple):
    """received: simulated, ms. key: of the record, anonymous id else user id. value: the call as it came in."""

    received: int
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class World:
    """What is simulated. start: ms. rate: calls a simulated second, over a day. shoppers: how many people there are.
    flaws: share of calls that come late, twice or broken. currency: of prices."""

    seed: int
    start: int
    rate: float
    shoppers: int
    flaws: float = 0.01
    currency: str = "EUR"


class Traffic:
    """Endless and lazy: memory is what the people seen so far are remembered by, not what they did."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = Random(world.seed)  # noqa: S311 - play, not secrets
        self._catalogue = Catalogue(self._random)
        self._flaws = Flaws(self._random, world.flaws)
        self._people: dict[int, Persona] = {}
        self._agenda: list[tuple[int, int, Any]] = []
        self._arriving: list[tuple[int, int, bytes, bytes]] = []
        self._count = 0

    def __iter__(self) -> Iterator[Delivery]:
        arriving = self._arriving
        next_visit = self._world.start + self._pause(self._world.start)
        while True:
            if not self._agenda or next_visit < self._agenda[0][0]:
                now = next_visit
                next_visit += self._pause(now)
                self._begin(now)
            else:
                now, _, act = heapq.heappop(self._agenda)
                act(now)
            # Whatever happens from now on comes in later than now.
            while arriving and arriving[0][0] <= now:
                received, _, key, value = heapq.heappop(arriving)
                yield Delivery(received, key, value)

    def _pause(self, now: int) -> int:
        """ms until the next visit begins: rare at night, most in the evening."""
        hour = now % DAY / HOUR
        daylight = 1 + 0.75 * math.cos((hour - 19) / 24 * 2 * math.pi)
        return 1 + int(self._random.expovariate(self._world.rate * daylight / _CALLS_A_VISIT) * 1000)

    def _begin(self, now: int) -> None:
        person = self._someone()
        if person is None:
            return
        person.visiting = True
        self._count += 1
        visit = Visit(self._random, self._catalogue, person, self._world.currency, f"o-{self._count}")
        self._go_on(now, person, visit, visit.clicks())

    def _someone(self) -> Persona | None:
        """Some come often, most rarely; nobody twice at once."""
        for _ in range(8):
            number = int(self._world.shoppers * self._random.random() ** 2)
            person = self._people.get(number)
            if person is None:
                person = self._people[number] = persona(self._world.seed, number, self._catalogue.categories)
            if not person.visiting:
                return person
        return None

    def _go_on(self, now: int, person: Persona, visit: Visit, clicks: Iterator[Click]) -> None:
        click = next(clicks, None)
        if click is None:
            person.visiting = False
            for order in visit.orders:
                self._after_sales(now, person, order)
            return

        def act(at: int) -> None:
            received = at + 40 + int(self._random.expovariate(1 / 150))
            self._send(browser_call(self._random, person, click, at, received), received)
            self._go_on(at, person, visit, clicks)

        self._plan(now + click.after, act)

    def _after_sales(self, now: int, person: Persona, order: Order) -> None:
        random, currency = self._random, self._world.currency
        fate = random.random()
        if fate < _REFUNDED:
            at = now + random.randrange(2 * DAY, 14 * DAY)
            self._plan(at, lambda at: self._office(refund_call(random, person, order, at, currency), at))
        elif fate < _REFUNDED + _CANCELLED:
            at = now + random.randrange(HOUR // 4, 5 * HOUR)
            self._plan(at, lambda at: self._office(cancel_call(random, person, order, at, currency), at))

    def _office(self, call: dict[str, Any], at: int) -> None:
        self._send(call, at + OFFICE_DELAY)

    def _plan(self, at: int, act: Any) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at, self._count, act))

    def _send(self, call: dict[str, Any], received: int) -> None:
        key = (call.get("anonymousId") or call["userId"]).encode()
        for when, value in self._flaws.deliveries(call, received):
            self._count += 1
            heapq.heappush(self._arriving, (when, self._count, key, value))
