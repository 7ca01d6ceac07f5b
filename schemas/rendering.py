"""Decisions as JSON: the lines of replay's files and the values of the output topics when `kafka.format` is json."""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from pipeline.domain.decision import Decision
from pipeline.domain.value.instant import format_instant
from schemas.contract import COMMON_FIELDS, Contract, ContractError, contract

_encoder = msgspec.json.Encoder(order="sorted")
_encode_as_it_stands = msgspec.json.Encoder().encode

Tree = dict[str, Any]
"""Names of fields within fields; nothing within a leaf."""


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
    body.update(_dated(own, _tree(terms.inner)))
    return body


@cache
def _tree(paths: tuple[tuple[str, ...], ...]) -> Tree:
    """Paths that begin alike as one, so that a decision is walked once and not once for each."""
    tree: Tree = {}
    for path in paths:
        within = tree
        for name in path:
            within = within.setdefault(name, {})
    return tree


def _dated(body: dict[str, Any], tree: Tree) -> dict[str, Any]:
    """The same with the instants at the leaves of `tree` as text, a copy if there is one."""
    dated = body
    for name, within in tree.items():
        value = body.get(name)
        if value is not None:
            told = _dated(value, within) if within else format_instant(value)
            if told is not value:
                if dated is body:
                    dated = body.copy()
                dated[name] = told
    return dated


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


def json_writer(topic: str) -> Callable[[Decision, dict[str, Any] | None], bytes]:
    """A function of a decision of one topic and its source: `encode_json(render(decision, source, trace=True))`, the
    same bytes in half the time, as the keys are brought in order once and not for each decision. It raises
    ContractError."""
    terms = contract(topic)
    names, instants, nested, inner = terms.names, terms.instants, terms.nested, _tree(terms.inner)
    ordered: dict[str, Any] = dict.fromkeys(sorted({*COMMON_FIELDS, *names}))

    def write(decision: Decision, source: dict[str, Any] | None) -> bytes:
        own = decision.fields
        if len(own) != len(names) or not names.issuperset(own):
            own = own_fields(terms, decision)
        if inner:
            own = _dated(own, inner)
        body = ordered | own
        for name in instants:
            if own[name] is not None:
                body[name] = format_instant(own[name])
        for name in nested:
            if own[name]:
                body[name] = msgspec.Raw(encode_json(own[name]))
        decided_at, effective_at = decision.decided_at, decision.effective_at
        body["effective_at"] = instant = format_instant(effective_at)
        body["decided_at"] = instant if decided_at == effective_at else format_instant(decided_at)
        body["cause"] = {"kind": decision.cause_kind, "message_id": decision.message_id}
        body["definition"] = decision.definition
        body["id"] = decision.id
        body["shopper"] = decision.shopper
        body["silent"] = decision.silent
        if source is not None:
            body["source"] = {
                "offset": source["offset"],
                "partition": source["partition"],
                "topic": source["topic"],
            }
        return _encode_as_it_stands(body)

    return write
