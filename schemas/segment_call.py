"""Segment changes as the calls that Segment's Engage makes of them: track calls and traits, for destinations that know
those ("Into Segment-compatible destinations" in docs/contracts.md)."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pipeline.domain.decision import SEGMENT_CHANGES, Decision
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import format_instant
from schemas.rendering import encode_json

Render = Literal["track", "identify", "both"]
Kind = Literal["track", "identify"]
Headers = list[tuple[str, bytes]]

AUDIENCE_KEY = "audience_key"
EVENTS = {"entered": "Audience Entered", "exited": "Audience Exited"}

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
        "computation_class": {"const": "audience"},
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
    properties = _object({AUDIENCE_KEY: text}) | {"additionalProperties": boolean, "minProperties": 2}
    track = {"type": {"const": "track"}, "event": {"enum": list(EVENTS.values())}, "properties": properties}
    identify = {"type": {"const": "identify"}, "traits": {"type": "object", "minProperties": 1}}
    return {
        "title": "SegmentCall",
        "description": "A segment change as a call of Segment's spec.",
        **_object(common),
        "allOf": [
            {"oneOf": [_object(track), _object(identify)]},
            {"oneOf": [_object({"userId": text}), _object({"anonymousId": text})]},
        ],
    }


def _goes_along(value: Any) -> bool:
    return len(value) <= LONGEST_TRAIT if isinstance(value, str) else isinstance(value, bool | int | float)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


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

        None of a decision that is no change of a segment; no track call of a silent one: an event starts campaigns, a
        trait only tells what is.
        """
        if decision.topic != SEGMENT_CHANGES:
            return ()
        kinds = [kind for kind in self._kinds if kind == "identify" or not decision.silent]
        calls = [self._call(kind, decision, shopper) for kind in kinds]
        return [(encode_json(call), self._headers(call, decision)) for call in calls]

    def _call(self, kind: Kind, decision: Decision, shopper: Shopper) -> dict[str, Any]:
        segment, change = decision.fields["segment"], decision.fields["change"]
        member, instant = change == "entered", format_instant(decision.effective_at)
        known = ((name, shopper.traits[name].value) for name in self._traits if name in shopper.traits)
        traits = {name: value for name, value in known if _goes_along(value)}
        context = self._context(segment, decision)
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
            return call | {"traits": traits | {segment: member}}
        if traits:
            context["traits"] = traits
        return call | {"event": EVENTS[change], "properties": {AUDIENCE_KEY: segment, segment: member}}

    def _context(self, segment: str, decision: Decision) -> dict[str, Any]:
        return {
            "library": {"name": "afterclick", "version": VERSION},
            "personas": {
                "computation_class": "audience",
                "computation_id": f"{self._name}.{segment}",
                "computation_key": segment,
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
