"""What asks for a message, and what is compared of what it tells."""

from typing import Any

SOURCES = {
    "abandonment-triggers": ("abandonment", "kind", "change"),
    "segment-changes": ("segment", "segment", "change"),
    "loyalty-tiers": ("tier", "programme", "change"),
    "loyalty-points": ("points", "programme", "entry"),
}


def asks(on: dict[str, Any], topic: str, line: dict[str, Any]) -> bool:
    source, name, change = SOURCES[topic]
    if on.get(source) != line[name]:
        return False
    if source == "abandonment":
        return line[change] == "abandoned" and on.get("stage", line["stage"]) == line["stage"]
    return bool(on["entry" if source == "points" else "change"] == line[change])


def words(about: dict[str, Any]) -> str:
    """What is compared of a payload: which trigger it tells of."""
    if "kind" in about:
        return f"{about['kind']} {about['stage']}/{about['of']}"
    if "segment" in about:
        return f"{about['segment']} {about['change']} #{about['sequence']}"
    if "entry" in about:
        return f"{about['programme']} {about['entry']}"
    return f"{about['programme']} {about['change']} {about['to']}" if "programme" in about else str(about["name"])
