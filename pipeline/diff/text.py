"""A difference as people read it, made of its data."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from pipeline.diff.definition_change import UNCHANGED
from pipeline.diff.message_difference import NOT_ASKED
from pipeline.diff.report import AT_ONCE, NEVER, differs_in, moves

_WAYS = {"enter": "would enter", "leave": "would leave"}
_NEVER = "never, without a backfill"


def shown(data: Mapping[str, Any], old: str, new: str) -> Iterator[str | Table]:
    """data: of `difference_data`, or some of its segments. old, new: what the topologies are called."""
    source = data["source"]
    yield f"{new} instead of {old}, deployed at {data['as_of']}."
    yield f"By {data['events']:,} events of {data['shoppers']:,} shoppers from {source['begins']} on, {_where(source)}."
    changed = [one for one in data["definitions"] if one["change"] != UNCHANGED]
    if data["facts"] or changed:
        yield ""
        yield from (f"{one['fact']} changed from {one['old']} to {one['new']}" for one in data["facts"])
        yield from (f"{one['section']}.{one['name']} {one['change']}{_complete_from(one)}" for one in changed)
    telling = [one for one in data["segments"] if one["change"] != UNCHANGED or moves(one)]
    yield ""
    if telling:
        yield _table(telling)
    left = len(data["segments"]) - len(telling)
    if left or not telling:
        yield f"{left or 'no'} segment{'' if left == 1 else 's'} unchanged, in meaning and in members"
    for one in telling:
        yield from _details(one)
    yield from _steps("journey", "stage", data["stages"])
    for programme, tiers in data["tiers"].items():
        yield from _steps(f"loyalty {programme}", "tier", tiers)
    yield from _messages(data["messages"])
    short = [] if _whole(source) else [one["segment"] for one in data["segments"] if not one["reached"]]
    if short:
        yield ""
        yield f"Look back further than {source['begins']}, and may have more members than here: {', '.join(short)}"


def _whole(source: Mapping[str, Any]) -> bool:
    return source["kind"] == "replay" or bool(source["whole"])


def _where(source: Mapping[str, Any]) -> str:
    if source["kind"] == "replay":
        return f"of {', '.join(source['inputs'])}"
    return f"of {source['topic']}" if source["whole"] else f"which is where {source['topic']} begins by now"


def _table(segments: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("segment", no_wrap=True)
    table.add_column("change", no_wrap=True)
    for heading in ("before", "enter", "leave", "after"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("complete", no_wrap=True)
    for one in segments:
        numbers = (one["before"], one["enter"]["count"], one["leave"]["count"], one["after"])
        complete = "" if one["complete"] is None else _when(one["complete"])
        table.add_row(one["segment"], one["change"], *(f"{number:,}" for number in numbers), complete)
    return table


def _details(segment: dict[str, Any]) -> Iterator[str]:
    lines = [f"  {words} {_some(segment[way])}" for way, words in _WAYS.items() if segment[way]["count"]]
    if segment["loud"] and lines:
        lines.append("  each of them told aloud, see definition_change")
    complete = segment["complete"]
    for lack in complete["lacks"] if complete is not None else ():
        lines.append(f"  not kept before: {lack['keeps']}; complete {_when(lack)}")
    if segment["differ"]["count"]:
        whole, differ = segment["with_whole_history"]["after"], segment["differ"]
        members = "a member" if whole == 1 else "members"
        verb = "1 differs" if differ["count"] == 1 else f"{differ['count']:,} differ"
        lines.append(
            f"  with its whole history {whole:,} would be {members}; until it is complete {verb}{_named(differ)}"
        )
    if lines:
        yield ""
        yield f"{segment['segment']}{' (' + segment['title'] + ')' if segment['title'] else ''}"
        yield from lines


def _steps(heading: str, what: str, found: dict[str, Any]) -> Iterator[str]:
    """What moves between stages, or tiers."""
    moves, differ = found["moves"], found["differ"]
    if moves or differ["count"]:
        yield ""
        yield heading
    for one in moves:
        yield f"  {one['from'] or f'no {what}'} -> {one['to'] or f'no {what}'} {_some(one)}"
    if differ["count"]:
        yield f"  by whole histories another {what} of {_some(differ)}"


def _messages(messages: list[dict[str, Any]]) -> Iterator[str | Table]:
    """What would have been sent, had either topology been there all the time."""
    if not messages:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("message", no_wrap=True)
    for heading in ("before", "gained", "lost", "after"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in messages:
        gained, lost = (sum(each["count"] for each in one[way]) for way in ("gained", "lost"))
        table.add_row(one["message"], *(f"{number:,}" for number in (one["before"], gained, lost, one["after"])))
    yield ""
    yield table
    for one in filter(differs_in, messages):
        yield ""
        yield one["message"]
        yield from (f"  gained, before {_end(each['instead_of'])} {_some(each)}" for each in one["gained"])
        yield from (f"  lost, now {_end(each['to'])} {_some(each)}" for each in one["lost"])
        if one["other_variant"]["count"]:
            yield f"  with another variant {_some(one['other_variant'])}"


def _end(reason: str) -> str:
    return "not asked for" if reason == NOT_ASKED else reason.replace("_", " ")


def _complete_from(definition: dict[str, Any]) -> str:
    return f", complete {_when(definition['complete'])}" if "complete" in definition else ""


def _when(complete: dict[str, Any]) -> str:
    if complete["when"] == NEVER:
        return _NEVER
    return "at once" if complete["when"] == AT_ONCE else f"from {complete['from']}"


def _some(some: dict[str, Any]) -> str:
    return f"{some['count']:,}{_named(some)}"


def _named(some: dict[str, Any]) -> str:
    count, sample = some["count"], some["sample"]
    more = "" if count == len(sample) else f" and {count - len(sample):,} more"
    return f": {', '.join(sample)}{more}" if sample else ""
