"""A decision as a sentence for people."""

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.domain.abandonment.rule import BROWSE
from pipeline.domain.decision import (
    ABANDONMENT_TRIGGERS,
    CONSENT_CHANGES,
    ERASURES,
    EXPERIMENT_EXPOSURES,
    IDENTITY_CHANGES,
    JOURNEY_CHANGES,
    LOYALTY_POINTS,
    LOYALTY_TIERS,
    MESSAGE_RESULTS,
    MESSAGE_SUPPRESSIONS,
    MESSAGES,
    REDEMPTION_REJECTED,
    REWARD_AVAILABLE,
    SEGMENT_CHANGES,
    TRAIT_CHANGES,
)
from pipeline.domain.value.money import exponent

LONGEST_NAME = 20
"""Characters that are shown of an id or a product's name."""

_POINTS = {
    "pending": "has {amount} points pending",
    "confirmed": "earned {amount} points",
    "reversed": "lost {amount} points to a refund",
    "redeemed": "spent {amount} points",
    "returned": "got {amount} points back",
    "expired": "lost {amount} points to time",
    "adjusted": "had points adjusted by {signed}",
    "bonus": "got a bonus of {amount} points",
    "expiring": "has {amount} points that expire soon",
}


def sentence(topic: str, decision: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    """topic: logical name. kinds: entry under `abandonment` -> browse, cart or checkout.

    What a decision holds came from clients: what can't be printed is replaced, so that no id drives the terminal.
    """
    spell = _SENTENCES.get(topic)
    return f"{printable(decision['shopper'])} {spell(decision, kinds) if spell else 'was decided about'}"


def money(value: Mapping[str, Any]) -> str:
    """`{"amount": 8450, "currency": "EUR"}` as `84.50 EUR`."""
    digits = exponent(value["currency"])
    whole, part = divmod(abs(value["amount"]), 10**digits)
    sign = "-" if value["amount"] < 0 else ""
    return f"{sign}{whole:,}{f'.{part:0{digits}}' if digits else ''} {value['currency']}"


def printable(text: str, longest: int = LONGEST_NAME) -> str:
    """As it may be shown: no control characters, and not longer than `longest`."""
    clean = "".join(letter if letter.isprintable() else "·" for letter in text)
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def _segment(change: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    return f"{'entered' if change['change'] == 'entered' else 'left'} {change['segment']}"


def _trigger(trigger: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    name, kind = trigger["kind"], kinds.get(trigger["kind"], trigger["kind"])
    rule = "" if name == kind else f" ({name})"
    if trigger["change"] == "recovered":
        return f"came back and ordered {_thing('the', kind, trigger['cart'])}{rule}"
    if trigger["change"] == "retracted":
        count = len(trigger["retracts"])
        reminders = "1 reminder" if count == 1 else f"{count} reminders"
        return f"had ordered {_thing('the', kind, trigger['cart'])} already{rule}, {reminders} taken back"
    thing = _thing("a", kind, trigger["cart"])
    left = f"looked at {thing} and left" if kind == BROWSE else f"left {thing}"
    return f"{left}{rule}, reminder {trigger['stage']} of {trigger['of']}"


def _thing(article: str, kind: str, cart: Mapping[str, Any] | None) -> str:
    """What was left behind, as `a cart of 84.50 EUR` or `Blue Shoes of 129.00 EUR`."""
    items = cart["items"] if cart else []
    product = (items[0]["name"] or items[0]["product_id"]) if kind == BROWSE and items else None
    thing = printable(product) if product else f"{article} {'product' if kind == BROWSE else kind}"
    return f"{thing} of {money(cart['total'])}" if cart and cart["total"]["amount"] else thing


def _tier(tier: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    programme, change = tier["programme"], tier["change"]
    if change == "joined":
        return f"joined {programme} as {tier['to']}"
    if change == "upgraded":
        return f"rose from {tier['from']} to {tier['to']} in {programme}"
    if change == "downgraded":
        return f"fell from {tier['from']} to {tier['to']} in {programme}"
    if change == "renewed":
        return f"keeps {tier['to']} in {programme}"
    until = f" on {tier['valid_until'][:10]}" if tier["valid_until"] else ""
    return f"will fall from {tier['from']} to {tier['to']} in {programme}{until}"


def _points(entry: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    form = _POINTS.get(entry["entry"], "has {signed} points")
    told = form.format(amount=f"{abs(entry['points']):,}", signed=f"{entry['points']:+,}")
    return f"{told} in {entry['programme']}, balance {entry['balance']:,}"


def _stage(change: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    return f"went from {change['from']} to {change['to']}" if change["from"] else f"begins as {change['to']}"


def _trait(change: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    value = change["after"]
    if value is None:
        return f"has no {change['trait']} any more"
    return f"has {change['trait']} {money(value) if isinstance(value, Mapping) else printable(str(value))}"


def _consent(change: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    what = f"{change['purpose'] or 'everything'} by {change['channel'] or 'any channel'}"
    return f"{_CONSENTS.get(change['after'], 'said something of')} {what}"


def _rejection(rejection: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    what = rejection["reward"] or f"{rejection['points'] or 0:,} points"
    return f"{rejection['programme']}: {what} refused, {rejection['reason'].replace('_', ' ')}"


def _reward(reward: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    return f"{reward['programme']}: has the points for {reward['reward']}"


def _message(message: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    variant = f" ({message['variant']})" if message["variant"] else ""
    return f"gets {message['message']}{variant} by {message['channel']}"


def _suppression(line: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    reason = line["reason"].replace("_", " ")
    return f"{'waits for' if line['until'] else 'does not get'} {line['message']}: {reason}"


def _result(line: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    order = f" by an order of {money(line['revenue'])}" if line["revenue"] else ""
    return f"{line['message']} by {line['channel']} was {line['result']}{order}"


def _exposure(line: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    arm = "is held out of" if line["holdout"] else "takes part in"
    variant = f" ({line['variant']})" if line["variant"] else ""
    return f"{'bought, and ' if line['change'] == 'converted' else ''}{arm} {line['experiment']}{variant}"


def _ending(line: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    return "is forgotten" + (", as asked" if line["change"] == "erased" else "")


def _identity(line: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    if line["change"] == "refused":
        return f"does not become {printable(line['loser'])}, {(line['reason'] or '').replace('_', ' ')}"
    former = f", who was {printable(line['former'])}" if line["former"] else ""
    return f"turns out to be {printable(line['loser'])}{former}"


_CONSENTS = {"granted": "agreed to", "denied": "is out of reach of", "reduced": "wants less"}
_SENTENCES: dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], str]] = {
    SEGMENT_CHANGES: _segment,
    ABANDONMENT_TRIGGERS: _trigger,
    LOYALTY_TIERS: _tier,
    LOYALTY_POINTS: _points,
    JOURNEY_CHANGES: _stage,
    TRAIT_CHANGES: _trait,
    CONSENT_CHANGES: _consent,
    REDEMPTION_REJECTED: _rejection,
    REWARD_AVAILABLE: _reward,
    MESSAGES: _message,
    MESSAGE_SUPPRESSIONS: _suppression,
    MESSAGE_RESULTS: _result,
    EXPERIMENT_EXPOSURES: _exposure,
    ERASURES: _ending,
    IDENTITY_CHANGES: _identity,
}
