"""Needles: identifiers that must not be found, and how they lie in bytes."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

# Shorter texts turn up by chance; of them only whole values are looked for.
_TELLING = 6

_TRAITS = ("email", "phone", "mobile", "username", "id")


class Needle:
    """One identifier. Matches its UTF-8 bytes and its form in ASCII JSON; a short one only as a whole key, JSON string
    or MessagePack string."""

    def __init__(self, text: str) -> None:
        self.text = text
        raw = text.encode()
        escaped = json.dumps(text)[1:-1].encode()
        if len(raw) >= _TELLING:
            self._forms = tuple(dict.fromkeys((raw, escaped)))
        else:
            self._forms = (b'"' + raw + b'"', b'"' + escaped + b'"', bytes([0xA0 | len(raw)]) + raw)
        self._whole = raw

    def is_in(self, key: bytes | None, value: bytes | None) -> bool:
        if key == self._whole:
            return True
        return any(form in part for part in (key, value) if part for form in self._forms)


def needles_of(shopper: str, others: Iterable[str] = (), known: dict[str, Any] | None = None) -> list[Needle]:
    """shopper: the id. others: further identifiers. known: what `afterclick export` wrote before the erasure; its
    e-mail address, phone number and devices are taken from it."""
    found = [shopper, *others, *(_told_by(known) if known is not None else ())]
    return [Needle(text) for text in dict.fromkeys(text for text in found if text)]


def _told_by(known: dict[str, Any]) -> Iterator[str]:
    traits = known.get("profile", {}).get("traits", {})
    yield from (value for name, value in traits.items() if name in _TRAITS and isinstance(value, str))
    yield from (device["token"] for device in (known.get("consent") or {}).get("devices", ()))
