"""Opening balances: what members had before the programme ran here, as events that it takes (readings.md, 44).

The file is CSV with a header: `shopper`, `points`, and where they are known `since` (when the points were earned, from
which they expire) and `tier` (granted, with `until`). Its events are silent: nothing that follows from them at once is
a message.
"""

from collections.abc import Iterable, Iterator
from csv import DictReader
from dataclasses import dataclass
from typing import Any

from pipeline.domain.loyalty_definition import POINTS_ADJUSTED, TIER_GRANTED, ProgrammeDefinition
from pipeline.domain.value.instant import format_instant, parse_instant

COLUMNS = ("shopper", "points", "since", "tier", "until")
_REQUIRED = COLUMNS[:2]
# More than any member has: a slip of the file.
_MOST = 10**11


@dataclass(frozen=True, slots=True)
class Opening:
    """since, until: ms, or None."""

    shopper: str
    points: int
    since: int | None = None
    tier: str | None = None
    until: int | None = None


class OpeningError(ValueError):
    """problems: a sentence for each line that is not right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_openings(lines: Iterable[str], programme: ProgrammeDefinition, at: int) -> list[Opening]:
    """All rows; at: when the programme opens, ms. Raises OpeningError with every mistake."""
    rows = DictReader(lines)
    names = rows.fieldnames or ()
    if any(name not in names for name in _REQUIRED) or any(name not in COLUMNS for name in names):
        raise OpeningError([f"the header should name shopper and points, and may name since, tier and until: {names}"])
    found: dict[str, Opening] = {}
    problems: list[str] = []
    for row in rows:
        try:
            opening = _opening(row, {level.name for level in programme.levels}, at)
            if opening.shopper in found:
                raise ValueError("the shopper stands in an earlier line, too")
            found[opening.shopper] = opening
        except ValueError as error:
            problems.append(f"line {rows.line_num}: {error}")
    if problems:
        raise OpeningError(problems)
    return list(found.values())


def _opening(row: dict[str, Any], tiers: set[str], at: int) -> Opening:
    shopper, points = (row["shopper"] or "").strip(), (row["points"] or "").strip()
    if not shopper:
        raise ValueError("no shopper")
    if not points.isdecimal() or not points.isascii() or int(points) > _MOST:
        raise ValueError(f"points {points!r} should be a whole number, 0 or more, up to {_MOST:,}")
    tier = row.get("tier") or None
    if tier is not None and tier not in tiers:
        raise ValueError(f"there is no tier {tier!r}")
    since, until = (_time(row, name) for name in ("since", "until"))
    if since is not None and since > at:
        raise ValueError("since is later than the opening")
    if until is not None and (tier is None or until <= at):
        raise ValueError("until is of a tier, and later than the opening")
    return Opening(shopper, int(points), since, tier, until)


def _time(row: dict[str, Any], name: str) -> int | None:
    text = row.get(name) or None
    instant = parse_instant(text) if text is not None else None
    if text is not None and instant is None:
        raise ValueError(f"{name} {text!r} is no date or time")
    return instant


def events_of(openings: Iterable[Opening], programme: str, at: int) -> Iterator[dict[str, Any]]:
    """As clients send them. Their message ids are of the programme and the shopper: a file taken twice counts once."""
    for one in openings:
        if one.points:
            told: dict[str, Any] = {"programme": programme, "points": one.points, "reason": "opening", "silent": True}
            yield _event(POINTS_ADJUSTED, f"opening:{programme}:{one.shopper}", one.shopper, one.since or at, at, told)
        if one.tier is not None:
            told = {"programme": programme, "tier": one.tier, "reason": "opening", "silent": True}
            if one.until is not None:
                told["until"] = format_instant(one.until)
            yield _event(TIER_GRANTED, f"opening-tier:{programme}:{one.shopper}", one.shopper, at, at, told)


def _event(name: str, identity: str, shopper: str, time: int, at: int, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "track",
        "event": name,
        "userId": shopper,
        "messageId": identity,
        "timestamp": format_instant(time),
        "receivedAt": format_instant(at),
        "properties": properties,
    }
