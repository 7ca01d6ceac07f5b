"""Personal data: what answers leave out unless it is asked for by who may see it.

Traits, plain and computed, are what a shop knows of a person; addresses, their digests and devices are where the person
is reached; a message's payload holds either. What is left out is null or absent, and named in `withheld`.
"""

from typing import Any

from pipeline.domain.decision import CONSENT_CHANGES, MESSAGES, TRAIT_CHANGES

Data = dict[str, Any]

OF_DECISIONS: dict[str, tuple[str, ...]] = {
    MESSAGES: ("recipient", "payload"),
    CONSENT_CHANGES: ("address",),
    TRAIT_CHANGES: ("before", "after"),
}
"""By topic."""

# Clauses whose values are traits, or what clients said in properties.
_TELLING = frozenset({"trait", "computed", "first", "last"})
_VALUES = ("value", "evidence")


def bare_decision(topic: str, decision: Data) -> Data:
    """Without its personal fields."""
    return decision | {name: None for name in OF_DECISIONS.get(topic, ()) if name in decision}


def bare_explanation(data: Data) -> Data:
    """Without values of traits, in all of its clauses; thresholds are the topology's."""
    return data | {"when": _bare_clause(data["when"])} if "when" in data else data


def _bare_clause(clause: Data) -> Data:
    bare = dict(clause)
    if clause["clause"] in _TELLING:
        for name in _VALUES:
            bare.pop(name, None)
    if "clauses" in clause:
        bare["clauses"] = [_bare_clause(part) for part in clause["clauses"]]
    return bare
