"""Event names: this shop's names and the e-commerce v1 names, brought to the standard ones (wire-format.md, 3.6)."""

from collections.abc import Mapping

# Segment's e-commerce specification v1 -> v2.
BUILT_IN = {
    "Viewed Product": "Product Viewed",
    "Clicked Product": "Product Clicked",
    "Added Product": "Product Added",
    "Removed Product": "Product Removed",
    "Viewed Product Category": "Product List Viewed",
    "Viewed Promotion": "Promotion Viewed",
    "Clicked Promotion": "Promotion Clicked",
    "Started Order": "Checkout Started",
    "Viewed Checkout Step": "Checkout Step Viewed",
    "Completed Checkout Step": "Checkout Step Completed",
    "Completed Order": "Order Completed",
    "Updated Order": "Order Updated",
}
# Names are few, but a broken client may make one up for each event.
_REMEMBERED = 4_096


def _key(name: str) -> str:
    return "".join(name.split()).casefold()


_TOLERANT = {_key(old): new for old, new in BUILT_IN.items()}


class Aliases(dict[str, str]):
    """The standard name of an event: `events.aliases` exactly, then the built-in list whatever case and spaces.

    A dict that fills itself, so that a known name costs one look-up.
    """

    def __init__(self, aliases: Mapping[str, str]) -> None:
        super().__init__()
        self._own = dict(aliases)

    def __missing__(self, name: str) -> str:
        own = self._own.get(name, name)
        standard = _TOLERANT.get(_key(own), own)
        if len(self) < _REMEMBERED:
            self[name] = standard
        return standard
