"""Lines of `experiment-exposures`, brought together: who is in which arm of an experiment, and who ordered."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from pipeline.domain.decision import EXPERIMENT_EXPOSURES
from pipeline.domain.value.instant import parse_instant

HELD_OUT = "holdout"
"""What the arm is called of those who are held out. The arm of a message without variants is `message`."""
SENT = "message"


class UnreadableLine(ValueError):
    """A line that is none of experiment-exposures; the message says where."""


class Exposure(msgspec.Struct, frozen=True):
    """at: ms. revenue: minor units of the order by which the shopper converted, None if it is unknown; in `currency`.
    time_to_order: ms, None of who did not order."""

    shopper: str
    message: str
    channel: str
    arm: str
    layer: str | None
    definition: str
    at: int
    time_to_order: int | None = None
    revenue: int | None = None
    currency: str = ""


class ExposureLog(msgspec.Struct):
    """exposures: by experiment, of each shopper the first. several: by experiment, shoppers who came into a second arm,
    whose exposures are left out. as_of: the latest instant told of, ms."""

    exposures: dict[str, list[Exposure]]
    several: dict[str, int]
    as_of: int


def lines_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Of a replay's output. Raises OSError, UnreadableLine."""
    path = folder / f"{EXPERIMENT_EXPOSURES}.ndjson"
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            yield decoded(line, f"{path}, line {number}")


def decoded(value: bytes, where: str) -> dict[str, Any]:
    """A line in JSON. Raises UnreadableLine."""
    try:
        line = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        line = None
    if not isinstance(line, dict) or not {"id", "shopper", "experiment", "change"} <= line.keys():
        raise UnreadableLine(f"{where} is no line of {EXPERIMENT_EXPOSURES}.")
    return line


def collected(lines: Iterable[Mapping[str, Any]], since: int | None = None, until: int | None = None) -> ExposureLog:
    """since, until: look at those alone who were first exposed from the one on and before the other, ms."""
    exposed: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    converted: dict[str, Mapping[str, Any]] = {}
    as_of, seen = 0, set()
    for line in lines:
        if line["id"] in seen:
            continue
        seen.add(line["id"])
        as_of = max(as_of, _instant(line["effective_at"]))
        if line["change"] == "converted":
            converted[line["exposure"]] = line
        elif line["change"] == "exposed":
            exposed.setdefault((line["experiment"], line["shopper"]), []).append(line)
    log = ExposureLog({}, {}, as_of)
    for (experiment, _), found in sorted(exposed.items()):
        found.sort(key=lambda line: _instant(line["effective_at"]))
        first = _instant(found[0]["effective_at"])
        if (since is not None and first < since) or (until is not None and first >= until):
            continue
        if len({_arm(line) for line in found}) > 1:
            log.several[experiment] = log.several.get(experiment, 0) + 1
            continue
        log.exposures.setdefault(experiment, []).append(_exposure(found[0], converted.get(found[0]["id"])))
    return log


def _exposure(line: Mapping[str, Any], converted: Mapping[str, Any] | None) -> Exposure:
    revenue = converted["revenue"] if converted is not None else None
    return Exposure(
        shopper=line["shopper"],
        message=line["message"],
        channel=line["channel"],
        arm=_arm(line),
        layer=line["layer"],
        definition=line["definition"],
        at=_instant(line["effective_at"]),
        time_to_order=converted["time_to_order"] if converted is not None else None,
        revenue=revenue["amount"] if revenue else None,
        currency=revenue["currency"] if revenue else "",
    )


def _arm(line: Mapping[str, Any]) -> str:
    return HELD_OUT if line["holdout"] else line["variant"] or SENT


def _instant(value: Any) -> int:
    if isinstance(value, datetime):
        return round(value.timestamp() * 1_000)
    instant = parse_instant(value)
    if instant is None:
        raise UnreadableLine(f"A line of {EXPERIMENT_EXPOSURES} has no instant.")
    return instant
