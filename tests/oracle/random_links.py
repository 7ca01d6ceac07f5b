"""Calls that tell where things are found, and which language they come from; some in vain."""

from random import Random
from typing import Any

from tests.oracle.random_stream import Call

PRODUCTS = (
    "Product Viewed",
    "Product Added",
    "Product Removed",
    "Product Added to Wishlist",
)
CARTS = ("Product Added", "Cart Viewed", "Checkout Started")
LINKS = ["https://s.example/a", "https://s.example/b", " /c ", None, None, "", 5, "é" * 256, "é" * 257, "x" * 513]
LOCALES = ["de-AT", " fr ", "fr-CA", "", 7, None, "x" * 65]


def linked(random: Random, calls: list[Call], languages: bool = False) -> list[Call]:
    """The calls of a stream, most with links; a repeated one as it was. languages: they tell a locale, too."""
    found: dict[str, Call] = {}
    told: list[Call] = []
    for call in calls:
        known = found.get(call.get("messageId", ""))
        if known is None:
            call = _linked(random, call)
            if languages and random.random() < 0.2:
                call = {**call, "context": {**call.get("context", {}), "locale": random.choice(LOCALES)}}
        else:
            call = {**call, **{name: known[name] for name in ("properties", "context") if name in known}}
        found.setdefault(call.get("messageId", ""), call)
        told.append(call)
    return told


def _linked(random: Random, call: Call) -> Call:
    event, properties = call.get("event"), call.get("properties")
    if not isinstance(properties, dict) or random.random() < 0.3:
        return call
    told = dict(properties)
    if event in PRODUCTS:
        told |= _drawn(random, ("url", "image_url"))
    if event in CARTS:
        told |= _drawn(random, ("cart_url", "checkout_url"))
        if isinstance(told.get("products"), list):
            told["products"] = [{**one, **_drawn(random, ("url", "image_url"))} for one in told["products"]]
    return {**call, "properties": told}


def _drawn(random: Random, names: tuple[str, str]) -> dict[str, Any]:
    return {name: random.choice(LINKS) for name in names if random.random() < 0.5}
