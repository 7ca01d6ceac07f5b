"""Decisions as JSON: the lines of replay's files and the values of the output topics when `kafka.format` is json."""

from typing import Any

import msgspec

from pipeline.domain.decision import Decision
from pipeline.domain.value.instant import format_instant
from schemas.contract import Contract, ContractError, contract

_encoder = msgspec.json.Encoder(order="sorted")


def render(decision: Decision, source: dict[str, Any] | None, *, trace: bool) -> dict[str, Any]:
    """A decision as JSON-like values: every field of its contract, instants as RFC 3339 in UTC with milliseconds.

    source: {"topic", "partition", "offset"} of the record being applied, None where there is none.
    trace: keep `decided_at` and `source`, which tell of the delivery (topology.md, "Outputs").
    Raises ContractError if the decision's fields are not those of its topic.
    """
    terms = contract(decision.topic)
    body: dict[str, Any] = {
        "id": decision.id,
        "shopper": decision.shopper,
        "effective_at": format_instant(decision.effective_at),
        "cause": {"kind": decision.cause_kind, "message_id": decision.message_id},
        "definition": decision.definition,
        "silent": decision.silent,
    }
    if trace:
        body["decided_at"] = format_instant(decision.decided_at)
        body["source"] = source
    own = own_fields(terms, decision)
    for name in terms.instants:
        if own[name] is not None:
            own[name] = format_instant(own[name])
    body.update(own)
    return body


def own_fields(terms: Contract, decision: Decision) -> dict[str, Any]:
    """The topic's own fields of a decision, instants still in ms, left-out ones filled with their defaults.

    Raises ContractError on a missing or unknown field.
    """
    own = {**terms.defaults, **decision.fields}
    if own.keys() != terms.names:
        missing = sorted(set(terms.own) - set(own))
        unknown = sorted(set(own) - set(terms.own))
        raise ContractError(f"{decision.type} on {decision.topic}: missing fields {missing}, unknown fields {unknown}")
    return own


def encode_json(body: dict[str, Any]) -> bytes:
    """Compact UTF-8 JSON with sorted keys at every level: equal decisions are equal bytes."""
    return _encoder.encode(body)
