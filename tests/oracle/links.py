"""Where things are found, as clients tell it (docs/rules.md, "Orders and carts")."""

from typing import Any

from tests.oracle.history import Record
from tests.oracle.values import Shop

OF_PRODUCT = ("url", "image_url")
OF_CART = ("cart_url", "checkout_url")
BYTES = 512

Links = dict[str, str]


def links(properties: dict[str, Any], names: tuple[str, ...]) -> Links:
    texts = {name: properties[name].strip() for name in names if isinstance(properties.get(name), str)}
    return {name: text for name, text in texts.items() if text and len(text.encode()) <= BYTES}


def both(known: Links, told: Links, newer: bool) -> Links:
    """An event that is not older than what was known stands; an older one fills gaps."""
    return {**known, **told} if newer else {**told, **known}


def back(found: Links, of_checkout: bool, shop: Shop) -> Links:
    """`url` of a stage's cart."""
    order = reversed(OF_CART) if of_checkout else OF_CART
    return {"url": next(found[name] for name in order if name in found)} if found and shop.links else {}


def language(records: list[Record], traits: dict[str, Any]) -> str | None:
    """The trait, else what the latest call that tells one says, of equal times the greater text."""
    said = traits.get("locale")
    if isinstance(said, str) and said.strip():
        return said.strip()
    told = [(one.time, one.context["locale"]) for one in records if not one.late_segments and "locale" in one.context]
    heard = [(time, text.strip()) for time, text in told if isinstance(text, str) and len(text) <= 64 and text.strip()]
    return max(heard)[1] if heard else None
