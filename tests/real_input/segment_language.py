"""Segment definitions of another customer data platform, in the words of topology.yaml.

A definition is a graph: an entry node and nodes that it refers to by id. `Untranslatable` says what has no word here.
"""

import re
from typing import Any

TIMES = {">=": "at_least", "<": "less_than", "=": "exactly", "<=": "at_most", ">": "more_than"}
OPERATORS = {"Equals": "is", "NotEquals": "is_not", "LessThan": "less_than", "GreaterThanOrEqual": "at_least"}


class Untranslatable(Exception):
    """The reason a definition cannot be said in topology.yaml."""


def rule_name(name: str) -> str:
    """A name of theirs (`andSegment`) as one of ours (`and-segment`)."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"-\1", name).lower()


def condition(definition: dict[str, Any]) -> dict[str, Any]:
    """The condition that a definition means. Raises Untranslatable."""
    nodes = {node["id"]: node for node in definition["nodes"]}
    return _node(definition["entryNode"], nodes)


def segment(definition: dict[str, Any]) -> dict[str, Any]:
    """A segment of that definition. "Has been so for a week" is a condition with a hold. Raises Untranslatable."""
    entry = definition["entryNode"]
    operator = entry.get("operator", {})
    if operator.get("type") == "HasBeen" and operator["comparator"] == "GTE":
        hold = {"enter": f"{operator['windowSeconds']}s"}
        return {"when": {"trait": {"name": _path(entry["path"]), "is": operator["value"]}}, "hold": hold}
    return {"when": condition(definition)}


def _node(node: dict[str, Any], nodes: dict[str, Any]) -> dict[str, Any]:
    kind = node["type"]
    if kind in ("And", "Or"):
        return {"all" if kind == "And" else "any": [_node(nodes[child], nodes) for child in node["children"]]}
    if kind == "Trait":
        return {"trait": {"name": _path(node["path"]), **_test(node["operator"])}}
    if kind == "Performed":
        count: dict[str, Any] = {
            "of": _event(node["event"]),
            TIMES[node.get("timesOperator", ">=")]: node.get("times", 1),
        }
        if "withinSeconds" in node:
            count["within"] = f"{node['withinSeconds']}s"
        return {"count": {**count, **_where(node.get("properties"))}}
    if kind == "LastPerformed":
        last = {"of": _event(node["event"]), **_where(node.get("whereProperties"))}
        asked = node["hasProperties"]
        return {"all": [{"last": {**last, "property": _path(one["path"]), **_test(one["operator"])}} for one in asked]}
    raise Untranslatable(f"no condition is like {kind}")


def _event(name: str) -> str:
    if name.endswith("*"):
        raise Untranslatable("events are matched by name, not by prefix")
    return name


def _where(properties: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {"where": {_path(one["path"]): _test(one["operator"]) for one in properties}} if properties else {}


def _path(path: str) -> str:
    quoted = re.fullmatch(r'\$\["([^"]+)"\]', path)
    return quoted[1] if quoted else path


def _test(operator: dict[str, Any]) -> dict[str, Any]:
    kind = operator["type"]
    if kind == "Exists":
        return {"exists": True}
    if kind == "AbsoluteTimestamp":
        return {"after" if operator["direction"] == "After" else "before": operator["absoluteTimestamp"]}
    if kind in OPERATORS:
        return {OPERATORS[kind]: operator["value"]}
    raise Untranslatable(f"no operator is like {kind}")
