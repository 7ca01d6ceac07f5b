"""Scenarios: given a topology, when these events arrive, then these decisions follow. Written in YAML, to be read.

An event is one line: `RECEIVED [@HAPPENED] [#MESSAGE_ID] [SHOPPER:] NAME [{properties}]`. Times are `10:00`,
`10:00:30.500`, or with a day `d2 10:00`; day 1 is Monday, 5 January 2026, in UTC. `RAW {...}` takes a whole body,
`$context` in the properties is the context of the call. `~a1` is an anonymous shopper, `kim~a1` a user on a device.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.config.library import standard
from tests.oracle.values import UNITS, rfc3339

DAY_ONE = 1_767_571_200_000  # 2026-01-05T00:00:00Z
CLOCK = (
    r"(?:d(?P<{0}day>-?\d+) )?(?P<{0}hour>\d\d):(?P<{0}minute>\d\d)(?::(?P<{0}second>\d\d)(?:\.(?P<{0}ms>\d{{3}}))?)?"
)
TIME = re.compile(CLOCK.format(""))
EVENT = re.compile(
    CLOCK.format("")
    + r"(?: @"
    + CLOCK.format("then_")
    + r")?(?: #(?P<id>\S+))?(?: (?P<shopper>[\w@.-]+|[\w@.-]*~[\w@.-]+):)? (?P<name>[^{]*[^{ ]) ?(?P<body>\{.*\})?"
)


@dataclass
class Scenario:
    """refused: what a sentence of `check` must say instead of any decision. profiles: what profiles must contain.
    judges: who must say so, see test_scenarios.py. changes: (instant, topology) of what comes to hold meanwhile."""

    name: str
    rules: str
    topology: dict[str, Any]
    events: list[dict[str, Any]]
    then: list[str]
    until: str | None = None
    refused: str | None = None
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    judges: tuple[str, ...] = ("engine", "oracle")
    changes: tuple[tuple[int, dict[str, Any]], ...] = ()


def flow(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def at(match: re.Match[str], prefix: str = "") -> int:
    part = {name: int(match[prefix + name] or 0) for name in ("hour", "minute", "second", "ms")}
    day = int(match[prefix + "day"] or 1) - 1
    clock = part["hour"] * UNITS["h"] + part["minute"] * UNITS["m"] + part["second"] * UNITS["s"] + part["ms"]
    return DAY_ONE + day * UNITS["d"] + clock


def instant_of(text: str) -> int:
    match = TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"no time: {text}")
    return at(match)


def event(line: str, number: int) -> dict[str, Any]:
    match = EVENT.fullmatch(line)
    if match is None:
        raise ValueError(f"no event: {line}")
    body, name = flow(match["body"] or "{}"), match["name"]
    received = at(match)
    if name == "RAW":
        return {"receivedAt": rfc3339(received), **body}
    happened = at(match, "then_") if match["then_hour"] else received
    context = body.pop("$context", None)
    user, _, device = (match["shopper"] or "kim").partition("~")
    ids = {"userId": user} if user else {}
    ids |= {"anonymousId": device} if device else {}
    call: dict[str, Any] = {**ids, "messageId": match["id"] or f"m{number}"}
    if name == "alias":
        call |= {"type": "alias", "previousId": body["previousId"]}
    elif name == "identify":
        call |= {"type": "identify", "traits": body}
    elif name in ("page", "screen"):
        call |= {"type": name, "properties": body}
    else:
        call |= {"type": "track", "event": name, "properties": body}
    if context is not None:
        call["context"] = context
    return {**call, "timestamp": rfc3339(happened), "receivedAt": rfc3339(received)}


def scenario(entry: dict[str, Any]) -> Scenario:
    lines = [line for line in (entry.get("when") or "").splitlines() if line.strip()]
    until = entry.get("until")
    return Scenario(
        name=entry["scenario"],
        rules=str(entry["rules"]),
        topology=entry["given"],
        events=[event(line.strip(), number) for number, line in enumerate(lines, 1)],
        then=[line.strip() for line in (entry.get("then") or "").splitlines() if line.strip()],
        until=rfc3339(instant_of(until)) if until else None,
        refused=entry.get("refused"),
        profiles=entry.get("profiles") or {},
        judges=tuple(entry.get("judges", ("engine",) if "changed" in entry else ("engine", "oracle"))),
        changes=tuple((instant_of(one["at"]), one["to"]) for one in entry.get("changed", ())),
    )


def written_out(topology: dict[str, Any]) -> dict[str, Any]:
    """A topology with each included segment as `afterclick library show` writes it."""
    segments = dict(topology.get("segments") or {})
    for name, entry in segments.items():
        if "library" in entry:
            segment = standard(entry["library"])
            shown = flow(segment.written_out({**segment.defaults(), **entry.get("with", {})}, name))
            own = {key: value for key, value in entry.items() if key not in ("library", "with")}
            segments[name] = {**shown[name], **own}
    return {**topology, "segments": with_zone(segments, topology.get("shop", {}).get("timezone", "UTC"))}


def with_zone(written: Any, zone: str) -> Any:
    """Conditions in which each `month` says whose."""
    if isinstance(written, dict):
        return {
            key: {"month": value, "zone": zone} if key == "month" else with_zone(value, zone)
            for key, value in written.items()
        }
    return [with_zone(each, zone) for each in written] if isinstance(written, list) else written


def scenarios(folder: Path) -> list[tuple[str, Scenario]]:
    """All scenarios of a folder, each with an id to run it by: `file: name`."""
    found = []
    for file in sorted(folder.glob("*.yaml")):
        for entry in flow(file.read_text()):
            found.append((f"{file.stem}: {entry['scenario']}", scenario(entry)))
    return found
