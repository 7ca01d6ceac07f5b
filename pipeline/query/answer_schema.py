"""JSON Schemas of what the query API answers, by name."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_YES: Schema = {"type": "boolean"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_WHEN: Schema = {"type": ["string", "null"], "format": "date-time"}
_OPEN: Schema = {"type": "object"}
_FRESHNESS: Schema = {"$ref": "#/components/schemas/Freshness"}
_WITHHELD: Schema = {
    "type": "array",
    "items": _TEXT,
    "description": "Personal fields that are left out, or null; `include=personal` tells them.",
}


def _object(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _by_name(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of}


_MEMBERSHIP = _object(member=_YES, since=_WHEN, changes=_NUMBER, changes_at=_WHEN)
_CART = _object(cart_id=_TEXT, lines=_NUMBER, updated=_WHEN)
_ABANDONMENT = _object(
    kind=_TEXT, subject=_TEXT, instance=_TEXT, stage=_NUMBER, abandoned_since=_WHEN, due=_WHEN
)  # fmt: skip
_STATEMENT = _object(
    balance=_NUMBER, pending=_NUMBER, entries=_list(_OPEN), entries_kept=_NUMBER, faults=_list(_TEXT)
)  # fmt: skip
_HERE = _object(partition=_NUMBER, stage=_TEXT, freshness={"anyOf": [_FRESHNESS, {"type": "null"}]})

SCHEMAS: Mapping[str, Schema] = {
    "Error": _object(("location",), code=_TEXT, message=_TEXT, location=_TEXT),
    "Freshness": _object(
        partition=_NUMBER,
        partition_time=_WHEN | {"description": "Events received by then are taken in, and timers due by then fired."},
        next_offset={"type": ["integer", "null"], "description": "Of shopper-events: what is taken in is before it."},
        read_at=_INSTANT | {"description": "When the store was looked at, by this machine's clock."},
    ),
    "Health": _object(
        ("message",),
        status={"enum": ["ok", "starting"]},
        message=_TEXT,
        partitions=_object(("here", "open"), of=_NUMBER, here=_NUMBER, open=_NUMBER),
    ),
    "Document": _OPEN,
    "Topology": _object(
        name=_TEXT, version=_TEXT, definition=_TEXT, currency=_TEXT, timezone=_TEXT, partitions=_NUMBER, format=_TEXT,
        topics=_list(_object(logical=_TEXT, topic=_TEXT, partitions=_NUMBER)),
        agents=_by_name(_object(reads=_TEXT, changelog=_TEXT, writes=_list(_TEXT))),
        segments=_list(_object(name=_TEXT, title=_TEXT, definition=_TEXT)),
        programmes=_list(_object(name=_TEXT, definition=_TEXT, tiers=_list(_TEXT))),
        abandonments=_list(_TEXT), traits=_list(_TEXT), messages=_list(_TEXT),
    ),
    "Partitions": _object(of=_NUMBER, here=_list(_HERE), owners=_list(_object(partition=_NUMBER, url=_TEXT))),
    "Shopper": _object(
        ("explain", "traits", "computed", "consent"),
        shopper=_TEXT, first_seen=_WHEN, other_topology=_YES, stage={"type": ["string", "null"]},
        segments=_by_name(_MEMBERSHIP), tiers=_by_name(_OPEN), orders=_OPEN, sessions=_NUMBER,
        rfm={"type": ["object", "null"]}, cart=_OPEN, carts=_list(_CART), abandonments=_list(_ABANDONMENT),
        timers=_by_name(_WHEN), withheld=_WITHHELD, explain={"$ref": "#/components/schemas/Explained"},
        traits=_by_name(_OPEN), computed=_OPEN, consent={"type": ["object", "null"]}, freshness=_FRESHNESS,
    ),
    "Explained": _object(
        ("segment", "programme"),
        shopper=_TEXT, segment=_TEXT, programme=_TEXT, definition=_TEXT, member=_YES, as_of=_INSTANT, source=_OPEN,
        other_topology=_YES,
    ) | {"description": "As `afterclick explain --json`: docs/explain.md."},
    "Explanation": {
        "allOf": [{"$ref": "#/components/schemas/Explained"}, _object(freshness=_FRESHNESS)],
    },
    "Ledger": _object(shopper=_TEXT, programmes=_by_name(_STATEMENT)),
    "Members": _object(
        segment=_TEXT,
        members=_list(_object(shopper=_TEXT, since=_WHEN, changes_at=_WHEN)),
        next_cursor={"type": ["string", "null"], "description": "Null: this was the last page of all partitions."},
        looked_at=_NUMBER | {"description": "Records that this page cost."},
        settled=_YES | {"description": "Whether all records of the partition are decided under this topology."},
        freshness=_FRESHNESS,
    ),
    "Decisions": _object(
        decisions=_list(_object(topic=_TEXT, partition=_NUMBER, offset=_NUMBER, decision=_OPEN)), withheld=_WITHHELD
    ),
}  # fmt: skip
