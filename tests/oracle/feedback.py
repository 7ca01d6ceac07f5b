"""Feedback in streams names messages as `reminder` or `reminder 2`, the first, the second that the shopper got: their
ids are known only when the engine has decided them."""

from typing import Any

from tests.oracle.engine_run import run
from tests.oracle.results import FEEDBACK

Call = dict[str, Any]


def named(events: list[Call], topology: Call, until: str | int | None = None) -> list[Call]:
    """The stream with ids in place of names. What failed makes room in caps, so that others are sent: several runs."""
    if not any(one.get("event") in FEEDBACK for one in events):
        return events
    found: list[Call] = events
    for _ in range(5):
        ids: dict[tuple[str, str], list[str]] = {}
        for line in run(found, topology, until).topics["messages"]:
            ids.setdefault((line["shopper"], line["message"]), []).append(line["id"])
        before, found = found, [_with_id(one, ids) for one in events]
        if found == before:
            return found
    raise RuntimeError("no feedback can be given: each changes the messages before it")


def _with_id(call: Call, ids: dict[tuple[str, str], list[str]]) -> Call:
    words = (call.get("properties") or {}).get("message_id") if call.get("event") in FEEDBACK else None
    if not isinstance(words, str):
        return call
    name, _, number = words.partition(" ")
    shopper = str(call["userId"] if call.get("userId") is not None else call.get("anonymousId"))
    known = ids.get((shopper, name), [])[int(number or 1) - 1 : int(number or 1)]
    return {**call, "properties": {**call["properties"], "message_id": known[0] if known else words}}
