"""Kinds of decisions that are counted one by one, so that rates can be told of them: by what names of a topology they
are about, never by shopper."""

from operator import itemgetter
from typing import Any

from pipeline.domain.decision import (
    ABANDONMENT_TRIGGERS,
    CONSENT_CHANGES,
    EXPERIMENT_EXPOSURES,
    IDENTITY_CHANGES,
    LOYALTY_TIERS,
    MESSAGE_RESULTS,
    MESSAGE_SUPPRESSIONS,
    MESSAGES,
    SEGMENT_CHANGES,
    Decision,
)

KINDS: dict[str, tuple[str, ...]] = {
    SEGMENT_CHANGES: ("segment", "change"),
    ABANDONMENT_TRIGGERS: ("kind", "stage", "change"),
    LOYALTY_TIERS: ("programme", "from", "to", "change"),
    CONSENT_CHANGES: ("channel", "purpose", "after", "reason"),
    MESSAGES: ("message", "channel", "variant"),
    MESSAGE_SUPPRESSIONS: ("message", "reason", "until"),
    MESSAGE_RESULTS: ("message", "variant", "result"),
    EXPERIMENT_EXPOSURES: ("experiment", "variant", "holdout", "change"),
    IDENTITY_CHANGES: ("change", "reason"),
}
"""Topic -> the fields that tell a kind from others; two at least, so that reading them gives a tuple."""

Kind = tuple[str, tuple[Any, ...]]
"""Topic, and the values of its fields as they stand in the decision: they are spelled once a round, not once each."""

_READ = {topic: itemgetter(*names) for topic, names in KINDS.items()}


def kind_of(decision: Decision) -> Kind | None:
    """None if only its topic counts. Called for every decision."""
    topic = decision.topic
    read = _READ.get(topic)
    if read is None:
        return None
    try:
        return topic, read(decision.fields)
    except KeyError:
        return topic, tuple(map(decision.fields.get, KINDS[topic]))


def labels_of(kind: Kind) -> tuple[str, ...]:
    """A kind's values as labels: of `until`, whether the message waits; nothing where there is no value."""
    topic, values = kind
    return tuple(map(_shown, KINDS[topic], values))


def _shown(name: str, value: object) -> str:
    if name == "until":
        return "ended" if value is None else "deferred"
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
