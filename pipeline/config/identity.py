"""Identities: a hash of what a rule means, not of how it is written."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from pipeline.domain import (
    abandonment_definition,
    consent_definition,
    definition,
    derived_definition,
    identity_definition,
    loyalty_definition,
    message_definition,
    standing_definition,
    window_definition,
)

# Names of meanings in hashes. They stay when a class is renamed: an identity is part of every decision's id.
_TAGS: dict[type, str] = {
    definition.Number: "number",
    definition.Test: "test",
    definition.Filter: "filter",
    definition.Selection: "selection",
    definition.Bound: "bound",
    definition.All: "all",
    definition.AnyOf: "any",
    definition.Not: "not",
    definition.Aggregate: "aggregate",
    definition.Edge: "edge",
    definition.Step: "step",
    definition.Sequence: "sequence",
    definition.Trait: "trait",
    definition.Purchases: "purchases",
    definition.CartNow: "cart",
    definition.Member: "member",
    derived_definition.TraitDefinition: "computed_trait",
    derived_definition.Computed: "computed",
    derived_definition.JourneyStage: "journey_stage",
    derived_definition.JourneyDefinition: "journey",
    derived_definition.Stage: "stage",
    derived_definition.RfmScore: "rfm",
    derived_definition.RfmScale: "rfm_scale",
    window_definition.Calendar: "calendar",
    window_definition.Since: "since",
    standing_definition.Tier: "tier",
    standing_definition.Points: "points",
    consent_definition.ConsentNow: "consent",
    consent_definition.ConsentDefinition: "consent_rule",
    definition.Hold: "hold",
    definition.SegmentDefinition: "segment",
    abandonment_definition.AbandonmentDefinition: "abandonment",
    loyalty_definition.Span: "span",
    loyalty_definition.EarnRule: "earn",
    loyalty_definition.Limit: "limit",
    loyalty_definition.Mission: "mission",
    loyalty_definition.Review: "review",
    loyalty_definition.Level: "level",
    loyalty_definition.ExpiryRule: "expiry",
    loyalty_definition.Reward: "reward",
    loyalty_definition.ProgrammeDefinition: "programme",
    message_definition.Occasion: "occasion",
    message_definition.MessageDefinition: "message",
    message_definition.FurtherChannel: "further_channel",
    message_definition.Cap: "cap",
    message_definition.QuietHours: "quiet_hours",
    message_definition.Holdout: "holdout",
    message_definition.Layer: "layer",
    message_definition.MessagingDefinition: "messaging",
    identity_definition.IdentityDefinition: "identities",
}
_NO_MEANING = frozenset({"identity", "title", "loud"})


def identity(rule: Any, members: Mapping[str, str]) -> str:
    """12 hex digits of SHA-256 over the canonical JSON of the rule's meaning; its name belongs to it.

    members: identity of each segment that the rule may refer to, as a segment means another thing when one it is made
    of does. A field at its default is left out, so that a key added later changes no identity.
    """
    return _digest(canonical(rule, members), 12)


def digest(identities: list[str], shop: Mapping[str, Any]) -> str:
    """32 hex digits over all identities, the facts of the shop that change what is true of a shopper, and which
    segments and programmes tell a change of topology aloud."""
    return _digest({"rules": sorted(identities), "shop": dict(shop)}, 32)


def canonical(meaning: Any, members: Mapping[str, str]) -> Any:
    """A meaning as JSON in which equal meanings are equal: order counts only where it has a meaning."""
    if isinstance(meaning, definition.Member):
        return {"is": "member", "segment": meaning.segment, "identity": members[meaning.segment]}
    if isinstance(meaning, tuple):
        return [canonical(each, members) for each in meaning]
    if not is_dataclass(meaning):
        return meaning
    form: dict[str, Any] = {"is": _TAGS[type(meaning)]}
    for each in fields(meaning):
        value = getattr(meaning, each.name)
        if each.name not in _NO_MEANING and (each.default is MISSING or value != each.default):
            form[each.name] = canonical(value, members)
    unordered = "of" if isinstance(meaning, (definition.All, definition.AnyOf)) else None
    if isinstance(meaning, (definition.Test, definition.Bound)) and meaning.op in ("in", "not_in"):
        unordered = "operand" if isinstance(meaning, definition.Test) else "values"
    if unordered:
        form[unordered] = sorted(form[unordered], key=_json)
    return form


def _json(form: Any) -> str:
    return json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(form: Any, length: int) -> str:
    return hashlib.sha256(_json(form).encode()).hexdigest()[:length]
