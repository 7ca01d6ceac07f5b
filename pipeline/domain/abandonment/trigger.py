"""Triggers: the lines of `abandonment-triggers` (topology.md, "Outputs"). Every field is always there."""

from typing import Any

from pipeline.domain.abandonment.rule import Rule
from pipeline.domain.commerce.cart_line import Lines
from pipeline.domain.decision import ABANDONMENT_TRIGGERS, Decision, Moment
from pipeline.domain.shopping import Instance, Line

ABANDONED, RECOVERED, RETRACTED = "abandoned", "recovered", "retracted"


def emit(
    moment: Moment,
    rule: Rule,
    instance: Instance,
    change: str,
    stage: int,
    cart: dict[str, Any],
    reason: str | None = None,
    retracts: list[str] | None = None,
    order_id: str | None = None,
) -> Decision:
    """Decide one trigger. cart: as rendered. reason, retracts and order_id: of recoveries and retractions only."""
    fields = {
        "kind": rule.name,
        "subject": instance.subject,
        "instance": f"{rule.name}-{instance.number}",
        "change": change,
        "stage": stage,
        "of": len(rule.delays),
        "abandoned_since": instance.abandoned_since,
        "cart": cart,
        "reason": reason,
        "retracts": retracts or [],
        "order_id": order_id,
    }
    identity = (rule.name, instance.number, change, stage)
    return moment.decide(ABANDONMENT_TRIGGERS, f"abandonment.{change}", rule.identity, identity, fields)


def emit_stage(moment: Moment, rule: Rule, instance: Instance, lines: list[Line], values: Lines) -> None:
    """Send the next stage at moment.now and remember its id, so that it can be retracted."""
    if not instance.stage_times:
        instance.abandoned_since = instance.last_activity
    stage = len(instance.stage_times) + 1
    decision = emit(moment, rule, instance, ABANDONED, stage, values.render(lines))
    instance.stage_times.append(moment.now)
    instance.stage_ids.append(decision.id)
