"""Feedback in streams names messages as `reminder` or `reminder 2`, the first, the second that the shopper got: their
ids are known only when the engine has decided them."""

from collections.abc import Callable
from typing import Any

from tests.oracle.engine_run import run
from tests.oracle.results import FEEDBACK

Call = dict[str, Any]


def named(
    events: list[Call], topology: Call, until: str | int | None = None, ids_of: Callable[[int], set[str]] | None = None
) -> list[Call]:
    """The stream with ids in place of names. What failed makes room in caps, so that others are sent: several runs, of
    which each settles what one more call means at least, as only what was sent before a call counts for it.
    ids_of: whose messages a call by its number may mean, if not those of its sender alone."""
    if not any(one.get("event") in FEEDBACK for one in events):
        return events
    found: list[Call] = events
    calls: dict[str, int] = {}
    for number, event in enumerate(events):
        calls.setdefault(event["messageId"], number)
    for _ in range(1 + sum(1 for one in events if one.get("event") in FEEDBACK)):
        lines = run(found, topology, until).topics["messages"]
        # Of one instant, lines stand in no order of sending: timers come first, then events as they came.
        sent = sorted(lines, key=lambda one: (one["effective_at"], calls.get(one["cause"]["message_id"], -1)))
        whose = [{_sender(one)} if ids_of is None else ids_of(number) for number, one in enumerate(events)]
        before, found = found, [_with_id(one, sent, ids) for one, ids in zip(events, whose, strict=True)]
        if found == before:
            return found
    raise RuntimeError("no feedback can be given: each changes the messages before it")


def _sender(call: Call) -> str:
    return str(call["userId"] if call.get("userId") is not None else call.get("anonymousId"))


def _with_id(call: Call, sent: list[Call], ids: set[str]) -> Call:
    words = (call.get("properties") or {}).get("message_id") if call.get("event") in FEEDBACK else None
    if not isinstance(words, str):
        return call
    name, _, number = words.partition(" ")
    known = [line["id"] for line in sent if line["shopper"] in ids and line["message"] == name]
    meant = known[int(number or 1) - 1 : int(number or 1)]
    return {**call, "properties": {**call["properties"], "message_id": meant[0] if meant else words}}
