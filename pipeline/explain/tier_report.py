"""What `afterclick explain` says of a tier, as data. Instants are RFC 3339 in UTC, money is as in outputs."""

from typing import Any

from pipeline.config.duration import format_duration
from pipeline.domain.decision import Decision
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.explanation import TierExplanation
from pipeline.domain.loyalty.metric import SPEND
from pipeline.domain.loyalty_definition import Level, ProgrammeDefinition
from pipeline.domain.value.instant import format_instant
from pipeline.domain.value.money import render
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
            "since": _instant(found.since),
            "until": _instant(found.until),
            "metric": self._programme.metric,
            "within": _window(self._programme),
            "value": self._amount(found.measure.value),
            "counted_from": _instant(found.measure.begin or 0),
            "evidence": [
                {"at": format_instant(one.at), "value": self._amount(one.amount), "leaves_at": _instant(one.leaves_at)}
                for one in reversed(found.counted)
            ],
            "keep": self._keep(),
            "next": self._next(),
            "ahead": [self._line(one) for one in found.ahead],
            "changes_at": _instant(next((one.effective_at for one in moves), 0)),
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
            "threshold": self._amount(keep),
            "missing": self._amount(max(0, keep - self._of.measure.value)),
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
        return {"tier": above.name, "threshold": self._amount(above.start), "missing": self._amount(missing)}

    def _above(self) -> tuple[Level, ...]:
        return self._programme.levels[self._of.automatic + 1 :]

    def _line(self, decision: Decision) -> dict[str, Any]:
        names = ("change", "from", "to", "reason", "value", "threshold")
        return {"at": format_instant(decision.effective_at), **{name: decision.fields[name] for name in names}}

    def _amount(self, number: int) -> int | dict[str, Any]:
        return render(number, self._money) if self._money else number


def _window(programme: ProgrammeDefinition) -> str | dict[str, str]:
    """As the topology writes it."""
    if programme.window is not None:
        return {"rolling": format_duration(programme.window)}
    if programme.calendar:
        return {"calendar": programme.calendar}
    return {"anniversary": programme.anniversary} if programme.anniversary else "lifetime"


def _instant(ms: int) -> str | None:
    return format_instant(ms) if ms else None
