"""What `afterclick explain` says, as data. Instants are RFC 3339 in UTC, money is as in outputs."""

from typing import Any

from pipeline.diff.completeness import known_from
from pipeline.domain.definition import Condition, Plan, Purchases
from pipeline.domain.derived_definition import Computed, RfmScore, Stage
from pipeline.domain.segments.explanation import Clause, Explanation
from pipeline.domain.segments.measure import CART, INSTANT, MONEY, VALUES, CartValue, Evidence, Measure
from pipeline.domain.value.instant import format_instant, format_known
from pipeline.domain.value.money import render
from pipeline.explain.known import Known
from pipeline.explain.wording import clause_name, in_unit, subject, threshold


def explanation_data(explanation: Explanation, known: Known, plan: Plan) -> dict[str, Any]:
    """docs/explain.md tells what each field means. plan: that of the explanation."""
    currency = plan.currency
    segment = explanation.segment
    return {
        "shopper": known.shopper_id,
        "segment": segment.name,
        "title": segment.title,
        "definition": segment.identity,
        "member": explanation.member,
        "since": format_known(explanation.since),
        "sequence": explanation.sequence,
        "changes_at": format_known(explanation.changes_at),
        "as_of": format_instant(explanation.at),
        "source": known.source,
        "other_topology": known.other_topology,
        "known_from": format_known(known_from(plan, explanation.segment.name, known.known_from, known.at)),
        "when": _clause(explanation.clause, currency),
    }


def _clause(clause: Clause, currency: str) -> dict[str, Any]:
    condition = clause.condition
    data = {"clause": clause_name(condition), **subject(condition), "holds": clause.holds}
    if clause.measure is not None:
        data |= _measure(clause.measure, condition, currency)
        if clause.measure.timezone:
            data["timezone"] = clause.measure.timezone
    data["changes_at"] = format_known(clause.changes_at)
    if clause.of:
        data["clauses"] = [_clause(part, currency) for part in clause.of]
    if isinstance(condition, Stage) and condition.journey is not None:
        # All but the last stage have a condition.
        for stage, part in zip(condition.journey.stages, data.get("clauses", ()), strict=False):
            part["stage"] = stage.name
    return data


def _measure(measure: Measure, condition: Condition, currency: str) -> dict[str, Any]:
    return {
        "value": _value(measure, currency),
        "exact": measure.exact,
        "threshold": threshold(condition, currency),
        "evidence": [_evidence(one, measure.unit, condition, currency) for one in measure.evidence],
    }


def _value(measure: Measure, currency: str) -> Any:
    """What stands at a path: null of nothing, the value itself of one."""
    value = measure.value
    if measure.unit == INSTANT:
        return format_known(value or 0)
    if measure.unit == VALUES:
        return (value[0] if len(value) == 1 else list(value)) if value else None
    if isinstance(value, CartValue):
        return {"value": render(value.value, currency), "items": value.items}
    return in_unit(value, measure.unit, currency)


def _evidence(evidence: Evidence, unit: str, condition: Condition, currency: str) -> dict[str, Any]:
    data: dict[str, Any] = {"at": format_instant(evidence.at)}
    if evidence.value is not None:
        data["value"] = evidence.value if unit == CART else in_unit(
            evidence.value, MONEY if _of_orders(condition) else unit, currency
        )  # fmt: skip
    if evidence.leaves_at:
        data["leaves_at"] = format_instant(evidence.leaves_at)
    if evidence.message_id:
        data["message_id"] = evidence.message_id
    return data


def _of_orders(condition: Condition) -> bool:
    """Whether its evidence are orders."""
    if isinstance(condition, Computed):
        return condition.trait is not None and condition.trait.selection is None
    return isinstance(condition, Purchases | RfmScore)
