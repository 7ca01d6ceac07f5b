"""Structs by the names of their fields, for people: instants as text, bytes as hex. Nothing is left out, so that what a
later version keeps of a shopper is told as well."""

from typing import Any

import msgspec

from pipeline.domain.value.instant import format_instant

_INSTANTS = frozenset(
    {
        "time",
        "since",
        "until",
        "due",
        "updated",
        "snapshot",
        "ordered",
        "times",
        "stage_times",
        "last_activity",
        "last_step",
        "abandoned_since",
        "last_stage",
        "confirms",
        "expires",
        "valid_until",
        "grace_until",
        "promoted_at",
        "promoted_since",
        "promoted_until",
        "joined",
        "noticed",
        "locked_until",
        "lock_said",
        "granted_until",
        "grant_said",
        "active",
        "looked",
        "capped",
        "seen",
        "erased_at",
    }
)
# Of the year 2000, ms; smaller numbers under such a name are none.
_FIRST = 946_684_800_000


def named(value: Any, name: str = "") -> Any:
    """name: of the field whose value it is."""
    if isinstance(value, msgspec.Struct):
        return {field: named(getattr(value, field), field) for field in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): named(one, name) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [named(one, name) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    if name in _INSTANTS and type(value) is int:
        return format_instant(value) if value >= _FIRST else None
    return value
