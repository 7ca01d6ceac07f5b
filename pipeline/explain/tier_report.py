"""What `afterclick explain` says of a tier, as data. Instants are RFC 3339 in UTC, money is as in outputs."""

from typing import Any

from pipeline.config.duration import format_duration
from pipeline.domain.decision import Decision
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.explanation import TierExplanation
from pipeline.domain.loyalty.metric import SPEND
from pipeline.domain.loyalty_definition import Level, ProgrammeDefinition
from pipeline.domain.value.instant import format_instant, format_known
from pipeline.domain.value.money import quantity
from pipeline.explain.known import Known


def tier_data(name: str, explanation: TierExplanation | None, known: Known, plan: Plan) -> dict[str, Any]:
    """docs/explain.md tells what each field means. explanation: None of who has not joined the programme `name`."""
    definition = next(one for one in plan.programmes if one.name == name)
    head = {
        "shopper": known.shopper_id,
        "programme": name,
        "definition": definition.identity,
        "member": explanation is not None,
        "as_of": format_instant(known.at),
        "source": known.source,
        "other_topology": known.other_topology,
    }
    return head if explanation is None else head | _Wording(explanation, plan.currency).data()


class _Wording:
    """One explanation, in the units of its programme."""

    def __init__(self, explanation: TierExplanation, currency: str) -> None:
        self._of = explanation
        self._programme = explanation.programme
        self._money = currency if explanation.programme.metric == SPEND else ""

    def data(self) -> dict[str, Any]:
        found, levels = self._of, self._programme.levels
        moves = (one for one in found.ahead if one.fields["change"] in ("upgraded", "downgraded"))
        return {
            "tier": levels[found.tier].name,
            "automatic": levels[found.automatic].name,
            "reason": found.reason,
            "since": format_known(found.since),
            "until": format_known(found.until),
            "metric": self._programme.metric,
            "within": _window(self._programme),
            "value": quantity(found.measure.value, self._money),
            "counted_from": format_known(found.measure.begin or 0),
            "evidence": [
                {
                    "at": format_instant(one.at),
                    "value": quantity(one.amount, self._money),
                    "leaves_at": format_known(one.leaves_at),
                }
                for one in reversed(found.counted)
            ],
            "keep": self._keep(),
            "next": self._next(),
            "ahead": [self._line(one) for one in found.ahead],
            "changes_at": format_known(next((one.effective_at for one in moves), 0)),
            "balance": found.balance,
            "pending": found.pending,
        }

    def _keep(self) -> dict[str, Any] | None:
        """What keeps the tier that the metric leads to; None of the lowest, and of one that no metric keeps."""
        level = self._programme.levels[self._of.automatic]
        keep = level.kept_at
        if not self._of.automatic or keep is None:
            return None
        judged = self._of.judged
        lost = next((one for one in self._of.ahead if one.fields["change"] == "downgraded"), None)
        return {
            "threshold": quantity(keep, self._money),
            "missing": quantity(max(0, keep - self._of.measure.value), self._money),
            "by": None if judged is None else format_instant(judged.effective_at),
            "value_then": None if judged is None else judged.fields["value"],
            "lost_at": None if lost is None else format_instant(lost.effective_at),
        }

    def _next(self) -> dict[str, Any] | None:
        """What leads higher."""
        above = next((one for one in self._above() if one.start is not None), None)
        if above is None or above.start is None:
            return None
        missing = max(0, above.start - self._of.measure.value)
        return {
            "tier": above.name,
            "threshold": quantity(above.start, self._money),
            "missing": quantity(missing, self._money),
        }

    def _above(self) -> tuple[Level, ...]:
        return self._programme.levels[self._of.automatic + 1 :]

    def _line(self, decision: Decision) -> dict[str, Any]:
        names = ("change", "from", "to", "reason", "value", "threshold")
        return {"at": format_instant(decision.effective_at), **{name: decision.fields[name] for name in names}}


def _window(programme: ProgrammeDefinition) -> str | dict[str, str]:
    """As the topology writes it."""
    if programme.window is not None:
        return {"rolling": format_duration(programme.window)}
    if programme.calendar:
        return {"calendar": programme.calendar}
    return {"anniversary": programme.anniversary} if programme.anniversary else "lifetime"
