"""One shopper of the chaos run: what it does, as calls with sequence numbers, and when."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

# The first stage of topology.yaml, seconds: what matters is to come just before and just after it.
THRESHOLD = 6.0
# The last view that segment `fives` looks at.
MOST_VIEWS = 40

Call = bytes
# Seconds to wait, and what to do then: numbers are given when a call is sent.
Act = Callable[[], list[Call]]
Step = tuple[float, Act]


class Customer:
    """Every call carries its number, `seq`, from 1; a repeated one carries its old number and message id."""

    def __init__(self, name: str, random: Random) -> None:
        self.name = name
        self.views = 0
        self.ended = False
        self._random = random
        self._sent: list[Call] = []
        self._cart: dict[str, int] = {}
        self._orders = 0

    def life(self) -> Iterator[Step]:
        """Until it has seen enough."""
        stories = [self._browse, self._order_in_time, self._order_late, self._abandon, self._clear, self._just_order]
        for _ in range(self._random.randint(4, 8)):
            if self.views > MOST_VIEWS - 8:
                break
            story = self._random.choices(stories, [5, 4, 3, 3, 1, 2])[0]
            yield self._random.uniform(0.5, 4), list
            for wait, act in story():
                yield wait, partial(self._among_noise, act)
        yield 1.0, self.farewell

    def view(self) -> list[Call]:
        if self.views >= MOST_VIEWS:
            return []
        self.views += 1
        return [self._call("Product Viewed", product_id=f"p{self._random.randrange(40)}")]

    def farewell(self) -> list[Call]:
        """Its last calls: up to a view that segment `fives` shows, and an order that shows the balance."""
        if self.ended:
            return []
        self.ended = True
        calls = self.view()
        while self.views % 5:
            calls += self.view()
        return calls + self._order()

    def _browse(self) -> Iterator[Step]:
        for _ in range(self._random.randint(2, 5)):
            yield self._random.uniform(0.3, 4), self.view

    def _fill(self) -> Iterator[Step]:
        for _ in range(self._random.randint(1, 3)):
            yield self._random.uniform(0.3, 3), self._add

    def _order_in_time(self) -> Iterator[Step]:
        yield from self._fill()
        yield THRESHOLD - self._random.choice([0.05, 0.2, 1, 3]), self._order

    def _order_late(self) -> Iterator[Step]:
        yield from self._fill()
        yield THRESHOLD + self._random.choice([0.02, 0.1, 0.5, 3, 9]), self._order

    def _abandon(self) -> Iterator[Step]:
        """Left for good, edited between the stages, or come back to when it is too late to count."""
        yield from self._fill()
        yield self._random.uniform(7, 13), self._add if self._random.random() < 0.4 else self.view
        yield self._random.uniform(8, 40), self._order if self._random.random() < 0.5 else self.view

    def _clear(self) -> Iterator[Step]:
        yield from self._fill()
        wait = self._random.uniform(1, 12)
        for product in list(self._cart):
            yield wait, partial(self._remove, product)
            wait = 0.1

    def _just_order(self) -> Iterator[Step]:
        yield self._random.uniform(0.3, 3), self._order

    def _add(self) -> list[Call]:
        product, quantity = f"p{self._random.randrange(40)}", self._random.randint(1, 3)
        self._cart[product] = self._cart.get(product, 0) + quantity
        return [self._call("Product Added", product_id=product, quantity=quantity, price=_price(product))]

    def _order(self) -> list[Call]:
        """All of the cart; now and then told twice, by client and server, under two message ids."""
        self._orders += 1
        products = [{"product_id": one, "quantity": n, "price": _price(one)} for one, n in self._cart.items()]
        self._cart = {}
        order = {
            "order_id": f"{self.name}/o{self._orders}",
            "total": self._random.randint(100, 6000) / 100,
            "currency": "EUR",
            "products": products,
        }
        return [self._call("Order Completed", **order) for _ in range(2 if self._random.random() < 0.05 else 1)]

    def _remove(self, product: str) -> list[Call]:
        del self._cart[product]
        return [self._call("Product Removed", product_id=product)]

    def _among_noise(self, act: Act) -> list[Call]:
        return [*act(), *self._noise()]

    def _noise(self) -> list[Call]:
        """What networks and clients do: a call sent again, rubbish, a call of nobody."""
        chance = self._random.random()
        if chance < 0.03 and self._sent:
            return [self._random.choice(self._sent[-20:])]
        if chance < 0.04:
            return [b'{"type": "track", "event": ' + self.name.encode()]
        if chance < 0.045:
            return [json.dumps({"type": "track", "event": "Product Viewed", "of": self.name}).encode()]
        return []

    def _call(self, event: str, **properties: Any) -> Call:
        number = len(self._sent) + 1
        body = {
            "type": "track",
            "event": event,
            "userId": self.name,
            "messageId": f"{self.name}/{number}",
            "properties": {"seq": number, **properties},
        }
        call = json.dumps(body).encode()
        self._sent.append(call)
        return call


def _price(product: str) -> float:
    return 1 + int(product[1:]) * 0.37
