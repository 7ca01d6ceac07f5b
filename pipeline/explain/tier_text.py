"""What `afterclick explain` says of a tier, as people read it, made of its data."""

from collections.abc import Iterator
from typing import Any

from pipeline.explain.text import SHOWN, plain, stands_at

_REASONS = {
    "first_event": "everyone begins there",
    "reached": "the metric reached it",
    "review": "a higher one was not kept when it was reviewed",
    "below_keep": "a higher one was not kept",
    "grace_ended": "a higher one was not kept until the end of its grace",
    "refund": "an order that had brought a higher one was given back",
    "granted": "it was granted",
    "grant_ended": "the grant of a higher one ended",
    "merged": "another id of the shopper had reached it",
    "tier_gone": "the tier of before is not there any more",
    "locked": "it is locked",
    None: "why is not known of a tier that was reached before records kept it",
}


def tier_lines(data: dict[str, Any]) -> Iterator[str]:
    """data: of `tier_data`."""
    if not data["member"]:
        yield f"{data['shopper']} has not joined {data['programme']}."
        yield from stands_at(data)
        return
    since = f" since {data['since']}" if data["since"] else ""
    yield f"{data['shopper']} is on {data['tier']} of {data['programme']}{since}: {_reason(data)}."
    yield from stands_at(data)
    yield f"Balance {data['balance']}" + (f", pending {data['pending']}." if data["pending"] else ".")
    yield ""
    yield f"{data['metric'].replace('_', ' ')}{_window(data)}: {plain(data['value'])}"
    evidence = data["evidence"]
    if len(evidence) > SHOWN:
        yield f"  {len(evidence) - SHOWN} earlier ones"
    for one in evidence[-SHOWN:]:
        leaves = f"  leaves at {one['leaves_at']}" if one["leaves_at"] else ""
        yield f"  {one['at']}  {plain(one['value'])}{leaves}"
    yield from _bounds(data)
    yield from _ahead(data)


def _reason(data: dict[str, Any]) -> str:
    if data["reason"] == "locked":
        until = f"until {data['until']}" if data["until"] else "until it is unlocked"
        return f"it is locked {until}; without that it would be {data['automatic']}"
    granted = f" until {data['until']}" if data["until"] else ""
    return _REASONS[data["reason"]] + granted


def _window(data: dict[str, Any]) -> str:
    match data["within"]:
        case {"rolling": span}:
            return f" in {span}"
        case {"calendar": unit}:
            return f" in this {unit}, from {data['counted_from']}"
        case {"anniversary": of}:
            begin = f", from {data['counted_from']}" if data["counted_from"] else ""
            return f" in this year of the {'tier' if of == 'tier' else 'member'}{begin}"
    return ""


def _bounds(data: dict[str, Any]) -> Iterator[str]:
    keep, following = data["keep"], data["next"]
    if keep is not None:
        yield ""
        text = f"To keep {data['automatic']}: {plain(keep['threshold'])}"
        if keep["by"]:
            text += f" by {keep['by']}, when it will be {plain(keep['value_then'])} if nothing happens"
        yield f"{text}; {_missing(keep['missing'])} now."
    if following is not None:
        yield f"To reach {following['tier']}: {plain(following['threshold'])}; {_missing(following['missing'])} now."


def _missing(amount: Any) -> str:
    number = amount["amount"] if isinstance(amount, dict) else amount
    return f"{plain(amount)} is missing" if number else "nothing is missing"


def _ahead(data: dict[str, Any]) -> Iterator[str]:
    yield ""
    if not data["ahead"]:
        yield "Time alone does not change that."
        return
    yield "If nothing happens:"
    for one in data["ahead"]:
        change = one["change"].replace("_", " ")
        yield f"  {one['at']}  {change} {one['from']} > {one['to']}: {one['reason'].replace('_', ' ')}"
