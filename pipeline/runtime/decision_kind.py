"""Kinds of decisions that are counted one by one, so that rates can be told of them: by what names of a topology they
are about, never by shopper."""

from pipeline.domain.decision import (
    ABANDONMENT_TRIGGERS,
    EXPERIMENT_EXPOSURES,
    IDENTITY_CHANGES,
    MESSAGE_RESULTS,
    MESSAGE_SUPPRESSIONS,
    MESSAGES,
    Decision,
)

KINDS: dict[str, tuple[str, ...]] = {
    ABANDONMENT_TRIGGERS: ("kind", "stage", "change"),
    MESSAGES: ("message", "channel", "variant"),
    MESSAGE_SUPPRESSIONS: ("message", "reason", "until"),
    MESSAGE_RESULTS: ("message", "variant", "result"),
    EXPERIMENT_EXPOSURES: ("experiment", "variant", "holdout", "change"),
    IDENTITY_CHANGES: ("change", "reason"),
}
"""Topic -> the fields that tell a kind from others."""


def kind_of(decision: Decision) -> tuple[str, ...] | None:
    """(topic, value of each field) of a decision; None if only its topic counts."""
    names = KINDS.get(decision.topic)
    if names is None:
        return None
    fields = decision.fields
    return decision.topic, *[_shown(name, fields.get(name)) for name in names]


def _shown(name: str, value: object) -> str:
    """As a label: of `until`, whether the message waits; nothing where there is no value."""
    if name == "until":
        return "ended" if value is None else "deferred"
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
