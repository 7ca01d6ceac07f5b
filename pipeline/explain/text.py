"""An explanation as people read it, made of its data."""

from collections.abc import Iterator
from typing import Any

from pipeline.config.quantity import format_money

# Pieces of evidence that are listed of one clause; the latest ones.
SHOWN = 10

_NAMES = {"all": "all of these", "any": "any of these", "not": "not", "in": "in"}


def lines(data: dict[str, Any]) -> Iterator[str]:
    """data: of `explanation_data`."""
    title = f" ({data['title']})" if data["title"] else ""
    verb = "is" if data["member"] else "is not"
    since = f" since {data['since']}" if data["since"] else ""
    if not data["sequence"]:
        since = " and has never been"
    yield f"{data['shopper']} {verb} a member of {data['segment']}{title}{since}."
    yield from stands_at(data)
    if data["known_from"]:
        yield f"It knows what came from {data['known_from']} on; `afterclick backfill` adds what is retained of before."
    turns = "leaves" if data["member"] else "enters"
    if data["changes_at"]:
        yield f"If nothing happens, {turns} at {data['changes_at']}."
    else:
        yield "Time alone does not change that."
    yield ""
    yield from _clause(data["when"], 0)


def stands_at(data: dict[str, Any]) -> Iterator[str]:
    """When and where it was looked."""
    yield f"As of {data['as_of']}, {_source(data['source'])}."
    if data["other_topology"]:
        yield "The record was decided under another topology; this is what the present one makes of it."


def _source(source: dict[str, Any]) -> str:
    match source["kind"]:
        case "replay":
            return f"by replay of {', '.join(source['inputs'])}"
        case "store":
            return f"from the store of partition {source['partition']}"
    return f"from {source['topic']}, partition {source['partition']}"


def _clause(clause: dict[str, Any], depth: int) -> Iterator[str]:
    mark, indent = "yes" if clause["holds"] else "no ", "  " * depth
    text = f"{mark}  {indent}{_heading(clause)}"
    if "value" in clause:
        text += f": {_value(clause)}, wanted {_threshold(clause['threshold'])}"
    if clause["changes_at"]:
        text += f"; {'until' if clause['holds'] else 'from'} {clause['changes_at']}"
    yield text
    evidence = clause.get("evidence", [])
    if len(evidence) > SHOWN:
        yield f"     {indent}  {len(evidence) - SHOWN} earlier ones"
    for one in evidence[-SHOWN:]:
        yield f"     {indent}  {_evidence(one)}"
    for part in clause.get("clauses", ()):
        yield from _clause(part, depth + 1)


def _heading(clause: dict[str, Any]) -> str:
    name = clause["clause"]
    text: str = _NAMES.get(name, name.replace("_", " "))
    if "property" in clause:
        text += " time" if clause["property"] == "$time" else f" {clause['property']}"
    if "name" in clause:
        text += f" {clause['name']}"
    if "programme" in clause:
        text += f" of {clause['programme']}"
    if "channel" in clause:
        text += f" to {clause['purpose']} by {clause['channel']}"
    if "segment" in clause:
        text += f" {clause['segment']}"
    if "of" in clause:
        text += " of " + ("any event" if clause["of"] == ["*"] else " or ".join(clause["of"]))
    if "where" in clause:
        text += " where " + _filters(clause["where"])
    if "within" in clause:
        text += _window(clause)
    return f"{clause['stage']}: {text}" if "stage" in clause else text


def _window(clause: dict[str, Any]) -> str:
    match clause["within"]:
        case {"calendar": unit}:
            return f" in this {unit} of {clause['timezone']}"
        case {"since": events}:
            return f" since the latest {' or '.join(events)}"
    return f" in {clause['within']}"


def _value(clause: dict[str, Any]) -> str:
    value = clause["value"]
    if value is None:
        return "nothing"
    if clause["clause"] == "cart":
        return f"{plain(value['value'])} in {value['items']} pieces"
    if clause["clause"] == "rfm":
        scored = [f"{name} {score}" for name, score in value.items() if score is not None]
        return ", ".join(scored) or "no orders"
    return plain(value) + ("" if clause["exact"] else " or more" if isinstance(value, int) else ", of the latest")


def _threshold(threshold: dict[str, Any]) -> str:
    """`at least 5`; of a cart `value at least 20.00 EUR and contains product_id is p1`."""
    parts = []
    for name, operand in threshold.items():
        if name == "contains" and isinstance(operand, dict):
            parts.append(f"a line with {_filters(operand)}")
        elif isinstance(operand, dict) and "amount" not in operand:
            parts.append(f"{name} {_threshold(operand)}")
        else:
            parts.append(_test(name, operand))
    return " and ".join(parts)


def _filters(filters: dict[str, Any]) -> str:
    return " and ".join(f"{path} {_threshold(tests)}" for path, tests in filters.items())


def _test(op: str, operand: Any) -> str:
    if op == "exists":
        return "is there" if operand else "is missing"
    if op == "between":
        return f"between {plain(operand[0])} and {plain(operand[1])}"
    return f"{op.replace('_', ' ')} {plain(operand)}"


def _evidence(evidence: dict[str, Any]) -> str:
    text: str = evidence["at"]
    value = evidence.get("value")
    if isinstance(value, dict) and "product_id" in value:
        text += "  " + ", ".join(f"{name} {one}" for name, one in value.items())
    elif value is not None:
        text += f"  {plain(value)}"
    if "message_id" in evidence:
        text += f"  message {evidence['message_id']}"
    if "leaves_at" in evidence:
        text += f"  leaves at {evidence['leaves_at']}"
    return text


def plain(value: Any) -> str:
    """A value as text, money with its currency."""
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return format_money(value["amount"], value["currency"])
    if isinstance(value, list):
        return " or ".join(map(plain, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
