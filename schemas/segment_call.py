"""Changes of segments, computed traits and the journey's stage as the calls that Segment's Engage makes of such: track
calls and traits, for destinations that know those ("Into Segment-compatible destinations" in docs/contracts.md)."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from pipeline.domain.decision import JOURNEY_CHANGES, SEGMENT_CHANGES, STAGE_TRAIT, TRAIT_CHANGES, Decision
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import format_instant
from pipeline.domain.value.money import exponent
from schemas.rendering import encode_json

Render = Literal["track", "identify", "both"]
Kind = Literal["track", "identify"]
Headers = list[tuple[str, bytes]]

AUDIENCE, TRAIT = "audience", "trait"
"""What was computed, in `context.personas.computation_class`."""

KEYS = {AUDIENCE: "audience_key", TRAIT: "trait_key"}
"""The property of a track call that names it."""

EVENTS = {"entered": "Audience Entered", "exited": "Audience Exited"}
TRAIT_COMPUTED = "Trait Computed"

# Characters of a trait that goes along. Anybody can make a trait of a megabyte, which the topic would not take.
LONGEST_TRAIT = 500

INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
VERSION = "1"
"""Of this shape, in `context.library`: the program's own would make a replay of another release another file."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a call, without its dialect and id."""
    text, boolean = {"type": "string"}, {"type": "boolean"}
    instant = {"type": "string", "format": "date-time", "pattern": INSTANT}
    afterclick = {
        "decision": text,
        "definition": text,
        "sequence": {"type": "integer", "minimum": 1},
        "silent": boolean,
    }
    personas = {
        "computation_class": {"enum": list(KEYS)},
        **dict.fromkeys(("computation_id", "computation_key", "namespace", "space_id"), text),
    }
    library = {"name": {"const": "afterclick"}, "version": text}
    context = _object({"library": _object(library), "personas": _object(personas), "afterclick": _object(afterclick)})
    context["properties"]["traits"] = {"type": "object"}
    common = {
        "messageId": {"type": "string", "maxLength": 100},
        "timestamp": instant,
        "receivedAt": instant,
        "channel": {"const": "server"},
        "integrations": _object({"All": {"const": True}}),
        "context": context,
    }
    value = {"type": ["boolean", "number", "string", "null"]}
    identify = {"type": {"const": "identify"}, "traits": {"type": "object", "minProperties": 1}}
    return {
        "title": "SegmentCall",
        "description": "A change of a segment, of a computed trait or of the journey's stage as a call of Segment's"
        " spec.",
        **_object(common),
        "allOf": [
            {
                "oneOf": [
                    _object(_track(list(EVENTS.values()), KEYS[AUDIENCE], boolean)),
                    _object(_track([TRAIT_COMPUTED], KEYS[TRAIT], value)),
                    _object(identify),
                ]
            },
            {"oneOf": [_object({"userId": text}), _object({"anonymousId": text})]},
        ],
    }


def _track(events: list[str], key: str, value: dict[str, Any]) -> dict[str, Any]:
    properties = _object({key: {"type": "string"}}) | {"additionalProperties": value, "minProperties": 2}
    return {"type": {"const": "track"}, "event": {"enum": events}, "properties": properties}


def _goes_along(value: Any) -> bool:
    return len(value) <= LONGEST_TRAIT if isinstance(value, str) else isinstance(value, bool | int | float)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


class _Change(msgspec.Struct, frozen=True, gc=False):
    """What a decision changed. kind: AUDIENCE or TRAIT. key: the trait's name. event: of a track call."""

    kind: str
    key: str
    value: Any
    event: str


def _change_of(decision: Decision) -> _Change | None:
    """None of a decision that changes nothing that a destination knows."""
    fields = decision.fields
    if decision.topic == SEGMENT_CHANGES:
        change = fields["change"]
        return _Change(AUDIENCE, fields["segment"], change == "entered", EVENTS[change])
    if decision.topic == TRAIT_CHANGES:
        return _Change(TRAIT, fields["trait"], _plain(fields["after"]), TRAIT_COMPUTED)
    if decision.topic == JOURNEY_CHANGES:
        return _Change(TRAIT, STAGE_TRAIT, fields["to"], TRAIT_COMPUTED)
    return None


def _plain(value: Any) -> Any:
    """A trait's value as destinations take it: money is a number, in units of the shop's currency."""
    return value["amount"] / 10 ** exponent(value["currency"]) if isinstance(value, dict) else value


class CallRenderer:
    """Decisions -> calls; `pipeline.runtime.ports.DecisionRenderer`.

    render: which calls a change comes to. traits: of the profile, that go along. name: of the topology, stands where
    Segment has the id of a space.
    """

    def __init__(self, name: str, render: Render, traits: Iterable[str] = ()) -> None:
        self._traits = tuple(traits)
        self._kinds: tuple[Kind, ...] = ("track", "identify") if render == "both" else (render,)
        self._name = name
        self._source = f"/afterclick/{name}".encode()

    def render(self, decision: Decision, shopper: Shopper) -> Sequence[tuple[bytes, Headers]]:
        """Value and headers of each call, in the order in which they are to be made. shopper: right after the decision.

        None of a decision that is no change of a segment, a computed trait or a stage; no track call of a silent one:
        an event starts campaigns, a trait only tells what is.
        """
        change = _change_of(decision)
        if change is None:
            return ()
        kinds = [kind for kind in self._kinds if kind == "identify" or not decision.silent]
        calls = [self._call(kind, change, decision, shopper) for kind in kinds]
        return [(encode_json(call), self._headers(call, decision)) for call in calls]

    def _call(self, kind: Kind, change: _Change, decision: Decision, shopper: Shopper) -> dict[str, Any]:
        instant = format_instant(decision.effective_at)
        known = ((name, shopper.traits[name].value) for name in self._traits if name in shopper.traits)
        traits = {name: value for name, value in known if _goes_along(value)}
        context = self._context(change, decision)
        call: dict[str, Any] = {
            "type": kind,
            "messageId": f"afterclick-{kind}-{decision.id}",
            "timestamp": instant,
            "receivedAt": instant,
            "anonymousId" if shopper.anonymous else "userId": decision.shopper,
            "channel": "server",
            "integrations": {"All": True},
            "context": context,
        }
        if kind == "identify":
            return call | {"traits": traits | {change.key: change.value}}
        if traits:
            context["traits"] = traits
        return call | {"event": change.event, "properties": {KEYS[change.kind]: change.key, change.key: change.value}}

    def _context(self, change: _Change, decision: Decision) -> dict[str, Any]:
        return {
            "library": {"name": "afterclick", "version": VERSION},
            "personas": {
                "computation_class": change.kind,
                "computation_id": f"{self._name}.{change.key}",
                "computation_key": change.key,
                "namespace": self._name,
                "space_id": self._name,
            },
            "afterclick": {
                "decision": decision.id,
                "definition": decision.definition,
                "sequence": decision.fields["sequence"],
                "silent": decision.silent,
            },
        }

    def _headers(self, call: dict[str, Any], decision: Decision) -> Headers:
        return [
            ("ce_specversion", b"1.0"),
            ("ce_source", self._source),
            ("content-type", b"application/json"),
            ("ce_id", call["messageId"].encode()),
            ("ce_type", f"afterclick.call.{call['type']}".encode()),
            ("ce_time", call["timestamp"].encode()),
            ("ce_subject", decision.shopper.encode()),
        ]
