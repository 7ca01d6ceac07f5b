"""Links: where a product, its image, a cart and a checkout are found, as clients tell it.

They are whatever a client says: nothing here opens them, and a record keeps no long ones.
"""

from typing import Any

# Bytes of UTF-8 of one link. A longer one is none, as no part of a link leads anywhere; counted as `link_too_long`.
LONGEST = 512

Links = tuple[str, str]
"""Two links of one thing, "" of one that is not known."""

OF_PRODUCT = ("url", "image_url")
OF_CART = ("cart_url", "checkout_url")
"""The properties that they stand in."""


def read_links(properties: dict[str, Any], names: tuple[str, str], remarks: list[str]) -> Links | None:
    """The links in two properties; None if there is neither."""
    first, second = names
    found = _read(properties.get(first), remarks), _read(properties.get(second), remarks)
    return found if any(found) else None


def joined(known: Links | None, told: Links | None, *, newer: bool) -> Links | None:
    """What is known once `told` is heard: if `newer` it stands before what was known, else it fills gaps."""
    if known is None or told is None:
        return told or known
    first, second = (told, known) if newer else (known, told)
    return first[0] or second[0], first[1] or second[1]


def _read(value: Any, remarks: list[str]) -> str:
    if type(value) is not str:
        return ""
    link = value.strip()
    if len(link) > LONGEST or len(link.encode()) > LONGEST:
        remarks.append("link_too_long")
        return ""
    return link
