"""A rule that can be explained, by the name that a user gives it, and its explanation as data."""

from collections.abc import Collection
from typing import Any, NamedTuple

from pipeline.config.problem import nearest
from pipeline.domain.decide import Engine
from pipeline.domain.loyalty.explanation import explain_tier
from pipeline.domain.segments.explanation import Explainer
from pipeline.explain.known import Known
from pipeline.explain.report import explanation_data
from pipeline.explain.tier_report import tier_data

# Blocks of the topology.
SEGMENTS = "segments"
LOYALTY = "loyalty"


class Rule(NamedTuple):
    """kind: SEGMENTS or LOYALTY."""

    kind: str
    name: str


class UnknownRule(Exception):
    """There is no such rule, or several; the message says which there are."""


def rule_of(segments: Collection[str], programmes: Collection[str], said: str) -> Rule:
    """said: a name, or `segments.NAME` or `loyalty.NAME`. Raises UnknownRule."""
    rules = [Rule(SEGMENTS, name) for name in segments] + [Rule(LOYALTY, name) for name in programmes]
    found = [one for one in rules if said in (one.name, ".".join(one))]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownRule(f"There is a segment and a programme {said}, say {' or '.join(map('.'.join, found))}.")
    names = sorted(one.name for one in rules)
    if not names:
        raise UnknownRule("The topology has no segments and no loyalty programmes.")
    meant = nearest(said, names)
    raise UnknownRule(
        f"The topology has no segment or programme {said}, "
        + (f"did you mean {meant}?" if meant else f"it has {', '.join(names)}.")
    )


def rule_data(engine: Engine, rule: Rule, known: Known) -> dict[str, Any]:
    """What docs/explain.md tells, of a segment or of a programme."""
    if rule.kind == SEGMENTS:
        explanation = Explainer(engine.plan, engine.loyalty.on_due).explain(known.shopper, rule.name, known.at)
        return explanation_data(explanation, known, engine.plan)
    return tier_data(rule.name, explain_tier(engine.loyalty, rule.name, known.shopper, known.at), known, engine.plan)
