"""Decisions as short lines, the way scenarios expect them."""

from collections.abc import Iterator
from typing import Any

from tests.oracle.agreement import comparable
from tests.oracle.oracle import Verdict
from tests.oracle.values import UNITS, instant
from tests.scenarios.scenario import DAY_ONE


def clock(text: str) -> str:
    """`10:00`, `10:00:30`, `10:00:00.001`, with `dN ` in front from the second day on."""
    day, rest = divmod((instant(text) or 0) - DAY_ONE, UNITS["d"])
    hour, rest = divmod(rest, UNITS["h"])
    minute, rest = divmod(rest, UNITS["m"])
    second, ms = divmod(rest, UNITS["s"])
    told = f"{hour:02d}:{minute:02d}"
    if second or ms:
        told += f":{second:02d}" + (f".{ms:03d}" if ms else "")
    return told if day == 0 else f"d{day + 1} {told}"


def amount(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['amount'] / 100:.2f}"
    return str(value)


def tell(verdict: Verdict, events: list[dict[str, Any]]) -> list[str]:
    """Every line and dead letter, in order of time; equal times in order of the text."""
    told: list[tuple[int, str]] = []
    for topic, lines in verdict.topics.items():
        for line in lines:
            who = "" if line["shopper"] == "kim" or topic == "erasures" else f"{line['shopper']}: "
            words = " ".join(WORDS[topic](comparable(topic, line, lines)))
            kind = line["cause"]["kind"]
            by = f" by {kind}" if kind == "timer" or (kind == "merge" and topic != "identity-changes") else ""
            if kind == "erasure" and topic != "erasures":
                by = " by the end"
            silent = ", silent" if line["silent"] else ""
            when = line["effective_at"]
            told.append((instant(when) or 0, f"{clock(when)} {who}{words}{by}{silent}"))
    for index, reason in verdict.dead:
        received = events[index]["receivedAt"]
        told.append((instant(received) or 0, f"{clock(received)} dead letter {reason}"))
    return [text for _, text in sorted(told)]


def tell_profile(profile: dict[str, Any]) -> dict[str, Any]:
    """A profile with its sums as text."""
    orders, cart, loyalty = profile["orders"], profile["cart"], profile["loyalty"]
    items = [f"{item['product_id']} x{item['quantity']}" for item in cart["items"]]
    return {
        **profile,
        "orders": f"{orders['count']} worth {amount(orders['value'])}, net {amount(orders['net'])}",
        "cart": f"[{', '.join(items)}] {amount(cart['total'])}",
        "loyalty": {name: f"{one['tier']}, {one['balance']} points" for name, one in loyalty.items()},
    }


def segment(line: dict[str, Any]) -> Iterator[str]:
    yield line["segment"]
    yield line["change"]
    if line["sequence"] > 2:
        yield f"#{line['sequence']}"


def item(one: dict[str, Any]) -> str:
    links = "".join(f" {word} {one[name]}" for word, name in (("at", "url"), ("in", "image_url")) if name in one)
    return f"{one['product_id'] or '?'} x{one['quantity']}{links}"


def trigger(line: dict[str, Any]) -> Iterator[str]:
    yield line["kind"] if line["subject"] == "default" else f"{line['kind']}({line['subject']})"
    yield line["change"]
    if line["change"] == "retracted":
        yield "stage " + ",".join(str(stage) for stage in line["retracts"])
    else:
        yield f"{line['stage']}/{line['of']}"
    if line["order_id"]:
        yield f"by order {line['order_id']}"
    else:
        yield f"since {clock(line['abandoned_since'])}"
    yield f"[{', '.join(map(item, line['cart']['items']))}] {amount(line['cart']['total'])}"
    if "url" in line["cart"]:
        yield f"at {line['cart']['url']}"
    if "local_total" in line["cart"]:
        yield f"({amount(line['cart']['local_total'])} {line['cart']['local_total']['currency']})"
    if "gap_to_free_shipping" in line["cart"]:
        yield f"gap {amount(line['cart']['gap_to_free_shipping'])}"
    if line["reason"]:
        yield f"because {line['reason']}"


def tier(line: dict[str, Any]) -> Iterator[str]:
    yield line["programme"]
    yield line["change"]
    yield line["to"] if line["from"] in (None, line["to"]) else f"{line['from']} > {line['to']}"
    yield f"at {amount(line['value'])}"
    if line["valid_until"]:
        yield f"until {clock(line['valid_until'])}"


def points(line: dict[str, Any]) -> Iterator[str]:
    yield line["programme"]
    yield line["entry"]
    yield f"{line['points']:+d}"
    yield f"= {line['balance']}" + (f", pending {line['pending']}" if line["pending"] else "")
    if line["order_id"]:
        yield f"({line['order_id']})"
    if line["expires_at"]:
        yield f"until {clock(line['expires_at'])}"


def rejection(line: dict[str, Any]) -> Iterator[str]:
    yield f"{line['programme']} refuses {line['reward'] or line['points']}: {line['reason']}, {line['balance']} there"


def reward(line: dict[str, Any]) -> Iterator[str]:
    yield f"{line['programme']} offers {line['reward']} for {line['cost']} of {line['balance']}"


def stage(line: dict[str, Any]) -> Iterator[str]:
    yield f"stage {line['to']}" if line["from"] is None else f"stage {line['from']} > {line['to']}"


def trait(line: dict[str, Any]) -> Iterator[str]:
    yield f"trait {line['trait']}: {amount(line['before'])} > {amount(line['after'])}"


def message(line: dict[str, Any]) -> Iterator[str]:
    variant = f" ({line['variant']})" if line["variant"] else ""
    yield f"{line['channel']} {line['message']}{variant} for {line['payload']}"
    if line["discount"]:
        yield f"offering {line['discount']}"
    if line["recipient"] and line["recipient"]["locale"]:
        yield f"in {line['recipient']['locale']}"
    if line["expires_at"]:
        yield f"until {clock(line['expires_at'])}"


def suppression(line: dict[str, Any]) -> Iterator[str]:
    yield f"no {line['message']}{' by ' + line['channel'] if line['step'] > 1 else ''}: {line['reason']}"
    if line["until"]:
        yield f"until {clock(line['until'])}"


def result(line: dict[str, Any]) -> Iterator[str]:
    variant = f" ({line['variant']})" if line["variant"] else ""
    yield f"{line['channel']} {line['message']}{variant} {line['result']}"
    yield from outcome(line)
    if line["result"] == "recovered" and not line["last_touch"]:
        yield "not last"


def exposure(line: dict[str, Any]) -> Iterator[str]:
    arm = " held out" if line["holdout"] else f" ({line['variant']})" if line["variant"] else ""
    yield f"{line['change']} in {line['experiment']}{arm}"
    if line["layer"]:
        yield f"of layer {line['layer']}"
    yield from outcome(line)


def outcome(line: dict[str, Any]) -> Iterator[str]:
    if line["order_id"]:
        yield f"by order {line['order_id']}"
        yield f"worth {amount(line['revenue'])}" if line["revenue"] else "worth who knows"
        yield f"after {line['time_to_order'] / UNITS['m']:g}m"
    elif line["happened_at"] != line["effective_at"]:
        yield f"at {clock(line['happened_at'])}"


def ending(line: dict[str, Any]) -> Iterator[str]:
    yield f"somebody {line['change']}" + (f" #{line['sequence']}" if line["sequence"] > 1 else "")
    if line["reason"]:
        yield f"because {line['reason']}"


def consent(line: dict[str, Any]) -> Iterator[str]:
    yield f"consent {line['channel'] or 'everywhere'} {line['purpose'] or 'everything'}:"
    yield f"{line['before'] or 'nothing'} > {line['after']} by {line['reason']}"
    if line["address"]:
        yield f"at {line['address'][:6]}"
    if line["said_at"] != line["effective_at"]:
        yield f"said {clock(line['said_at'])}"


def identity(line: dict[str, Any]) -> Iterator[str]:
    yield f"{line['loser']} {line['change']}"
    if line["former"]:
        yield f"was {line['former']}"
    if line["reason"]:
        yield f"({line['reason']})"


WORDS = {
    "identity-changes": identity,
    "messages": message,
    "message-suppressions": suppression,
    "message-results": result,
    "experiment-exposures": exposure,
    "consent-changes": consent,
    "trait-changes": trait,
    "journey-changes": stage,
    "segment-changes": segment,
    "abandonment-triggers": trigger,
    "loyalty-tiers": tier,
    "loyalty-points": points,
    "redemption-rejected": rejection,
    "reward-available": reward,
    "erasures": ending,
}
