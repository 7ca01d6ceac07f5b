"""A visit: what one person does in the shop, click by click."""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from pipeline.simulator.catalogue import Catalogue, Product
from pipeline.simulator.persona import Line, Persona

_SHOP = "https://shop.example"
_SOURCES = (("news", "email"), ("google", "cpc"), ("instagram", "social"))
_SHIPPING = 490
_FREE_SHIPPING = 5_000


class Click(NamedTuple):
    """after: ms since the click before. call: type of call. name: of the event, for track calls. content: properties,
    or traits."""

    after: int
    call: str
    name: str
    content: dict[str, Any]


class Order(NamedTuple):
    """What was bought, for the back office to refund or cancel. total: minor units."""

    order_id: str
    total: int
    lines: tuple[Line, ...]


def money(minor: int) -> float:
    return minor / 100


def line_of(product: Product, quantity: int) -> dict[str, Any]:
    return {
        "product_id": product.product_id,
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "price": money(product.price),
        "quantity": quantity,
    }


class Visit:
    """One visit of one person. `clicks` plays it; `orders` is what was bought in it."""

    def __init__(self, random: Random, catalogue: Catalogue, person: Persona, currency: str, order_id: str) -> None:
        self._random, self._catalogue, self._person = random, catalogue, person
        self._currency, self._order_id = currency, order_id
        self.orders: list[Order] = []

    def clicks(self) -> Iterator[Click]:
        person, random = self._person, self._random
        person.visits += 1
        person.logged_in = person.known and random.random() < 0.8
        yield self._landing()
        if person.cart and random.random() < 0.6:
            yield from self._see_cart()
            yield from self._check_out()
            return
        category = random.choice(person.favourites)
        for _ in range(1 + int(random.expovariate(1 / person.looks))):
            if random.random() < 0.15:
                category = random.choice(self._catalogue.categories)
            yield from self._look(category)
        if not person.known and random.random() < 0.06:
            yield from self._identify()
        if person.cart:
            if random.random() < 0.5:
                yield from self._see_cart()
            yield from self._check_out()

    def _think(self, seconds: float) -> int:
        """ms that people take, about so many seconds, some much longer."""
        return 300 + int(self._random.lognormvariate(0, 0.7) * seconds * 1000)

    def _page(self, path: str, title: str, seconds: float) -> Click:
        return Click(self._think(seconds), "page", "", {"path": path, "title": title, "url": _SHOP + path})

    def _landing(self) -> Click:
        random = self._random
        if random.random() < 0.7:
            return Click(0, "page", "", {"path": "/", "title": "Shop", "url": f"{_SHOP}/", "referrer": ""})
        source, medium = random.choice(_SOURCES)
        search = f"?utm_source={source}&utm_medium={medium}"
        return Click(0, "page", "", {"path": "/", "title": "Shop", "url": f"{_SHOP}/{search}", "search": search})

    def _look(self, category: str) -> Iterator[Click]:
        random, person = self._random, self._person
        (product,) = self._catalogue.choose(random, category)
        way = random.random()
        if way < 0.35:
            shown = [line_of(one, 1) for one in self._catalogue.choose(random, category, 3)]
            content = {"list_id": category.lower(), "category": category, "products": shown}
            yield Click(self._think(8), "track", "Product List Viewed", content)
        elif way < 0.45:
            yield Click(self._think(10), "track", "Products Searched", {"query": product.name.split()[-1].lower()})
        yield self._page(f"/p/{product.product_id}", product.name, 12)
        line = {**line_of(product, 1), "currency": self._currency, "url": f"{_SHOP}/p/{product.product_id}"}
        yield Click(200, "track", "Product Viewed", line)
        if random.random() < person.adds:
            yield self._add(product, random.choice((1, 1, 1, 2, 3)))
            if random.random() < 0.12:
                yield self._remove(random.choice(person.cart))

    def _add(self, product: Product, quantity: int) -> Click:
        for line in self._person.cart:
            if line.product is product:
                line.quantity += quantity
                break
        else:
            self._person.cart.append(Line(product, quantity))
        return Click(self._think(20), "track", "Product Added", self._cart_line(product, quantity))

    def _remove(self, line: Line) -> Click:
        self._person.cart.remove(line)
        return Click(self._think(15), "track", "Product Removed", self._cart_line(line.product, line.quantity))

    def _cart_line(self, product: Product, quantity: int) -> dict[str, Any]:
        return {"cart_id": self._person.cart_id, **line_of(product, quantity), "currency": self._currency}

    def _see_cart(self) -> Iterator[Click]:
        yield self._page("/cart", "Your cart", 10)
        yield Click(200, "track", "Cart Viewed", {"cart_id": self._person.cart_id, "products": self._products()})

    def _products(self) -> list[dict[str, Any]]:
        return [line_of(line.product, line.quantity) for line in self._person.cart]

    def _check_out(self) -> Iterator[Click]:
        """From the cart to the order; at each step some turn back and leave all as it is."""
        random, person = self._random, self._person
        if not person.cart or random.random() > 0.35 + person.buys / 2:
            return
        value = person.total()
        shipping = 0 if value >= _FREE_SHIPPING else _SHIPPING
        amounts = {"order_id": self._order_id, "cart_id": person.cart_id, "currency": self._currency}
        checkout = {**amounts, "value": money(value), "shipping": money(shipping), "products": self._products()}
        yield Click(self._think(25), "track", "Checkout Started", checkout)
        if not person.logged_in and random.random() < 0.85:
            yield from self._identify()
        if random.random() > 0.4 + person.buys * 0.6:
            return
        step = {"order_id": self._order_id, "step": 1, "shipping_method": random.choice(("parcel", "pick-up"))}
        yield Click(self._think(40), "track", "Checkout Step Completed", step)
        payment = {
            "order_id": self._order_id,
            "step": 2,
            "payment_method": random.choice(("card", "invoice", "wallet")),
        }
        yield Click(self._think(45), "track", "Payment Info Entered", payment)
        if random.random() > 0.5 + person.buys / 2:
            return
        total = value + shipping
        yield Click(self._think(15), "track", "Order Completed", {
            **amounts, "total": money(total), "revenue": money(value), "shipping": money(shipping),
            "products": self._products(),
        })  # fmt: skip
        self.orders.append(Order(self._order_id, total, tuple(person.cart)))
        person.cart, person.cart_number = [], person.cart_number + 1
        yield self._page("/thank-you", "Thank you", 3)

    def _identify(self) -> Iterator[Click]:
        """They log in or make an account; from here on, calls carry the user id."""
        person = self._person
        person.known = person.logged_in = True
        traits = {
            "email": f"{person.user_id}@example.org",
            "firstName": person.first_name,
            "newsletter": person.newsletter,
            "address": {"country": person.country},
            "timezone": person.timezone,
        }
        yield Click(self._think(30), "identify", "", traits)
