"""What `afterclick diff` says, as data. Instants are RFC 3339 in UTC, durations as in topology.yaml."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pipeline.config.duration import format_duration
from pipeline.config.quantity import format_micro
from pipeline.diff.comparison import Difference, Move, Moves, SegmentDifference
from pipeline.diff.completeness import Completeness, Retention, Span, looks_back
from pipeline.diff.definition_change import (
    JOURNEY,
    SEGMENTS,
    TRAITS,
    UNCHANGED,
    DefinitionChange,
    changed_facts,
    definition_changes,
)
from pipeline.diff.message_difference import MessageDifference
from pipeline.diff.some import Some
from pipeline.domain.definition import Plan
from pipeline.domain.value.instant import format_instant

AT_ONCE, FROM, NEVER = "at_once", "from", "never"


def difference_data(
    old: Plan, new: Plan, found: Difference, source: Mapping[str, Any], wanted: Collection[str] = ()
) -> dict[str, Any]:
    """docs/diff.md tells what each field means. source: where the history comes from, as data. wanted: segments to
    tell of, all if it is empty."""
    retention = Retention(old, new)
    complete = retention.of_segments()
    before, after = looks_back(old), looks_back(new)
    others = {(TRAITS, name): one for name, one in retention.of_traits().items()}
    if new.journey is not None:
        others[JOURNEY, "stages"] = retention.of_journey(complete)
    changes = definition_changes(old, new)
    titles = {one.name: one.title for one in (*old.segments, *new.segments)}
    loud = {one.name for one in new.segments if one.loud}
    return {
        "old": old.digest,
        "new": new.digest,
        "as_of": format_instant(found.at),
        "source": {**source, "begins": format_instant(found.begins)},
        "events": found.events,
        "shoppers": found.shoppers,
        "facts": [dict(zip(("fact", "old", "new"), each, strict=True)) for each in _facts(old, new)],
        "definitions": [
            _definition(one, others.get((one.section, one.name)), found.at)
            for one in changes
            if one.section != SEGMENTS
        ],
        "segments": [
            _segment(one, found.segments[one.name], complete.get(one.name), found.at)
            | {"title": titles[one.name], "loud": one.name in loud}
            | {"reached": _reached(found, one.name, before, after)}
            for one in changes
            if one.section == SEGMENTS and (not wanted or one.name in wanted)
        ],
        "stages": _moves(found.stages),
        "tiers": {name: _moves(moves) for name, moves in found.tiers.items()},
        "messages": [_message(name, one) for name, one in found.messages.items()],
    }


def differs(data: Mapping[str, Any]) -> bool:
    """Whether a deployment would change anything."""
    steps = [data["stages"], *data["tiers"].values()]
    return bool(data["facts"] or any(one["moves"] for one in steps) or any(map(differs_in, data["messages"]))) or any(
        one["change"] != UNCHANGED or moves(one) for one in (*data["definitions"], *data["segments"])
    )


def differs_in(message: Mapping[str, Any]) -> bool:
    """Whether the message would go to others, or with another variant."""
    return bool(message["gained"] or message["lost"] or message["other_variant"]["count"])


def _moves(found: Moves) -> dict[str, Any]:
    return {
        "moves": [
            {"from": before or None, "to": after or None, **_some(some)}
            for (before, after), some in sorted(found.moves.items())
        ],
        "differ": _some(found.differ),
    }


def moves(segment: Mapping[str, Any]) -> bool:
    """Whether shoppers would enter or leave the segment, or be missing in it."""
    return any(segment[way]["count"] for way in ("enter", "leave", "differ") if way in segment)


def _facts(old: Plan, new: Plan) -> Iterator[tuple[str, Any, Any]]:
    for fact, (before, after) in changed_facts(old, new).items():
        yield fact, _fact(fact, before), _fact(fact, after)


def _fact(fact: str, value: Any) -> Any:
    if fact.startswith("time."):
        return format_duration(value)
    if fact == "shop.exchange_rates":
        return {currency: format_micro(rate) for currency, rate in value.items()}
    return value


def _definition(change: DefinitionChange, complete: Completeness | None, at: int) -> dict[str, Any]:
    told: dict[str, Any] = {"section": change.section, "name": change.name, "change": change.change}
    told |= {"old": change.old, "new": change.new}
    return told if complete is None else told | {"complete": _complete(complete, at)}


def _segment(
    change: DefinitionChange, found: SegmentDifference, complete: Completeness | None, at: int
) -> dict[str, Any]:
    return {
        "segment": change.name,
        "change": change.change,
        "old": change.old,
        "new": change.new,
        "before": found.before,
        **_move(found.deployed),
        "complete": None if complete is None else _complete(complete, at),
        "with_whole_history": _move(found.complete),
        "differ": _some(found.differ),
    }


def _message(name: str, found: MessageDifference) -> dict[str, Any]:
    return {
        "message": name,
        "before": found.before,
        "after": found.after,
        "gained": [{"instead_of": reason, **_some(some)} for reason, some in sorted(found.gained.items())],
        "lost": [{"to": reason, **_some(some)} for reason, some in sorted(found.lost.items())],
        "other_variant": _some(found.other_variant),
    }


def _reached(found: Difference, name: str, *plans: Mapping[str, Span]) -> bool:
    """Whether the history is as long as the segment looks back, under either topology."""
    spans = [spans[name] for spans in plans if name in spans]
    return all(span is not None and span <= found.at - found.begins for span in spans)


def _move(move: Move) -> dict[str, Any]:
    return {"after": move.members, "enter": _some(move.enter), "leave": _some(move.leave)}


def _some(some: Some) -> dict[str, Any]:
    return {"count": some.count, "sample": some.sample}


def _complete(complete: Completeness, at: int) -> dict[str, Any]:
    lacks = [{"keeps": one.keeps, **_when(one.span, at)} for one in complete.lacks]
    return {**_when(complete.span, at), "lacks": lacks}


def _when(span: Span, at: int) -> dict[str, Any]:
    if span is None:
        return {"when": NEVER, "from": None}
    return {"when": FROM if span else AT_ONCE, "from": format_instant(at + span)}
