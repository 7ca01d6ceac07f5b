"""Where the engine's lines and the expected ones differ; order within one instant of a shopper does not matter."""

import json
from collections import Counter
from typing import Any

from tests.oracle.occasions import words

FIELDS = {
    "segment-changes": ("segment", "change", "sequence"),
    "abandonment-triggers": (
        "kind",
        "subject",
        "change",
        "stage",
        "of",
        "abandoned_since",
        "cart",
        "reason",
        "retracts",
        "order_id",
    ),
    "loyalty-tiers": (
        "programme",
        "change",
        "from",
        "to",
        "metric",
        "value",
        "threshold",
        "valid_until",
        "points_to_next",
        "points_to_keep",
        "reason",
        "order_id",
    ),
    "trait-changes": ("trait", "before", "after", "sequence"),
    "consent-changes": (
        "channel",
        "purpose",
        "address",
        "before",
        "after",
        "reason",
        "said_at",
        "sequence",
    ),
    "journey-changes": ("from", "to", "sequence"),
    "messages": (
        "message",
        "channel",
        "step",
        "campaign",
        "variant",
        "expires_at",
        "priority",
        "discount",
        "recipient",
        "payload",
    ),
    "message-suppressions": ("message", "channel", "step", "reason", "until"),
    "redemption-rejected": ("programme", "redemption_id", "points", "reward", "reason", "balance"),
    "erasures": ("change", "sequence", "requested_at", "reason"),
    "reward-available": ("programme", "reward", "cost", "balance"),
    "message-results": (
        "message",
        "channel",
        "variant",
        "result",
        "happened_at",
        "order_id",
        "revenue",
        "time_to_order",
        "last_touch",
    ),
    "experiment-exposures": (
        "experiment",
        "change",
        "variant",
        "holdout",
        "layer",
        "message",
        "channel",
        "happened_at",
        "order_id",
        "revenue",
        "time_to_order",
    ),
    "identity-changes": ("change", "loser", "winner", "former", "reason"),
    "loyalty-points": ("programme", "entry", "points", "balance", "pending", "order_id", "expires_at"),
}
ALWAYS = ("shopper", "effective_at", "cause", "silent")


def differences(expected: dict[str, list[dict[str, Any]]], got: dict[str, list[dict[str, Any]]]) -> list[str]:
    """One sentence a line that one side has and the other has not; empty if they agree."""
    found = []
    for topic, fields in FIELDS.items():
        if topic not in expected and topic not in got:
            continue
        wanted = Counter(text(comparable(topic, line, expected[topic]), fields) for line in expected[topic])
        had = Counter(text(comparable(topic, line, got[topic]), fields) for line in got[topic])
        found += [f"{topic}: missing {line}" for line in sorted((wanted - had).elements())]
        found += [f"{topic}: unexpected {line}" for line in sorted((had - wanted).elements())]
    if not found and lives(expected) != lives(got):
        found.append("abandonment-triggers: lines are grouped into other instances than expected")
    return found


def text(line: dict[str, Any], fields: tuple[str, ...]) -> str:
    return json.dumps({name: line[name] for name in (*ALWAYS, *fields)}, sort_keys=True)


def comparable(topic: str, line: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
    """A line without what the pages leave to the implementation: ids become stages, items have an order."""
    if topic == "messages" and isinstance(line["payload"], dict):
        return {**line, "payload": words(next(part for part in line["payload"].values() if part is not None))}
    if topic != "abandonment-triggers":
        return line
    stages = {one["id"]: one["stage"] for one in lines if "id" in one}
    retracts = sorted(stages.get(one, one) for one in line["retracts"])
    stage = None if line["change"] == "retracted" else line["stage"]
    # Which of several ties an order is told by, the pages leave open.
    reason = line["reason"] if line["change"] == "abandoned" else None
    return {**line, "retracts": retracts, "stage": stage, "cart": comparable_cart(line["cart"]), "reason": reason}


def comparable_cart(cart: dict[str, Any]) -> dict[str, Any]:
    compared = ("product_id", "quantity", "price", "url", "image_url")
    items = [{name: item[name] for name in compared if name in item} for item in cart["items"]]
    items.sort(key=lambda item: (str(item["product_id"]), json.dumps(item)))
    return {**cart, "items": items}


def lives(topics: dict[str, list[dict[str, Any]]]) -> Counter[tuple[str, ...]]:
    """Which triggers belong together, whatever their instance is called."""
    topic = "abandonment-triggers"
    groups: dict[tuple[str, str, str], list[str]] = {}
    for line in topics[topic]:
        key = (line["shopper"], line["kind"], str(line["instance"]))
        groups.setdefault(key, []).append(text(comparable(topic, line, topics[topic]), FIELDS[topic]))
    return Counter(tuple(sorted(group)) for group in groups.values())
