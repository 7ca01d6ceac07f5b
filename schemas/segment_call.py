"""Segment changes as the calls that Segment's Engage makes of them: track calls and traits, for destinations that know
those ("Into Segment-compatible destinations" in docs/contracts.md)."""

from collections.abc import Sequence
from typing import Any, Literal

from pipeline.domain.decision import SEGMENT_CHANGES, Decision
from pipeline.domain.value.instant import format_instant
from schemas.rendering import encode_json

Render = Literal["track", "identify", "both"]
Kind = Literal["track", "identify"]
Headers = list[tuple[str, bytes]]

AUDIENCE_KEY = "audience_key"
EVENTS = {"entered": "Audience Entered", "exited": "Audience Exited"}

VERSION = "1"
"""Of this shape, in `context.library`: the program's own would make a replay of another release another file."""


class CallRenderer:
    """Decisions -> calls; `pipeline.runtime.ports.DecisionRenderer`.

    render: which calls a change comes to. name: of the topology, stands where Segment has the id of a space.
    """

    def __init__(self, render: Render, name: str) -> None:
        self._kinds: tuple[Kind, ...] = ("track", "identify") if render == "both" else (render,)
        self._name = name
        self._source = f"/afterclick/{name}".encode()

    def render(self, decision: Decision) -> Sequence[tuple[bytes, Headers]]:
        """Value and headers of each call, in the order in which they are to be made."""
        return [(encode_json(call), self._headers(call, decision)) for call in self.calls(decision)]

    def calls(self, decision: Decision) -> list[dict[str, Any]]:
        """The calls of a decision as JSON-like values. None of a decision that is no change of a segment; no track call
        of a silent one: an event starts campaigns, a trait only tells what is."""
        if decision.topic != SEGMENT_CHANGES:
            return []
        return [self._call(kind, decision) for kind in self._kinds if kind == "identify" or not decision.silent]

    def _call(self, kind: Kind, decision: Decision) -> dict[str, Any]:
        segment, change = decision.fields["segment"], decision.fields["change"]
        member = change == "entered"
        call: dict[str, Any] = {
            "type": kind,
            "messageId": f"afterclick-{kind}-{decision.id}",
            "timestamp": format_instant(decision.effective_at),
            "anonymousId" if decision.anonymous else "userId": decision.shopper,
            "channel": "server",
            "integrations": {"All": True},
            "context": self._context(segment, decision),
        }
        if kind == "track":
            return call | {"event": EVENTS[change], "properties": {AUDIENCE_KEY: segment, segment: member}}
        return call | {"traits": {segment: member}}

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
