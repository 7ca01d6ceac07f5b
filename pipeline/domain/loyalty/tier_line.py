"""The lines of `loyalty-tiers`: what became of a shopper's tier, why, and by what evidence (semantics.md, part 6)."""

from typing import Any

import msgspec

from pipeline.domain.decision import LOYALTY_TIERS, Moment
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.metric import SPEND
from pipeline.domain.loyalty_definition import Level, ProgrammeDefinition
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Standing
from pipeline.domain.value.money import quantity

# Why a line is there, beyond `change`.
FIRST_EVENT = "first_event"
REACHED = "reached"
REVIEWED = "review"
REGAINED = "regained"
BELOW_KEEP = "below_keep"
GRACE_ENDED = "grace_ended"
NOTICE = "notice"
REFUND = "refund"
GRANTED = "granted"
GRANT_ENDED = "grant_ended"
LOCKED = "locked"
UNLOCKED = "unlocked"
LOCK_ENDED = "lock_ended"
TIER_GONE = "tier_gone"
MERGED = "merged"

REASONS = (FIRST_EVENT, REACHED, REVIEWED, BELOW_KEEP, GRACE_ENDED, REFUND, GRANTED, GRANT_ENDED, TIER_GONE, MERGED)
"""Why a level came to be that of a shopper. Records hold places in it: add at the end."""


class Case(msgspec.Struct, gc=False):
    """One look at one standing. order_id: of the order that the event is about, None of other events and timers."""

    shopper: Shopper
    standing: Standing
    moment: Moment
    order_id: str | None = None

    @property
    def now(self) -> int:
        return self.moment.now


class TierLines:
    """Writes the lines of one programme."""

    __slots__ = ("_above", "_keep", "_levels", "_money", "_programme")

    def __init__(self, programme: ProgrammeDefinition, plan: Plan) -> None:
        self._programme = programme
        levels: tuple[Level, ...] = programme.levels
        self._levels = levels
        self._keep = [level.kept_at for level in levels]
        # What the next level takes that the metric can reach.
        self._above = [
            next((one.start for one in levels[level + 1 :] if one.start is not None), None)
            for level in range(len(levels))
        ]
        self._money = plan.currency if programme.metric == SPEND else ""

    def tell(
        self,
        case: Case,
        change: str,
        reason: str,
        before: str | None,
        to: int,
        value: int,
        threshold: int | None,
        *,
        ahead: int | None = None,
        begin: int | None = None,
    ) -> None:
        """before: name of the tier before. to: the level after; of will_downgrade what the metric makes of it by now.
        value: of the metric, which counted from `begin` on. ahead: what counts for the level held, if that is another.
        """
        standing = case.standing
        ahead = value if ahead is None else ahead
        standing.sequence += 1
        case.moment.decide(
            LOYALTY_TIERS,
            f"loyalty.{change}",
            self._programme.identity,
            (self._programme.name, standing.sequence),
            {
                "programme": self._programme.name,
                "change": change,
                "from": before,
                "to": self._levels[to].name,
                "metric": self._programme.metric,
                "value": quantity(value, self._money),
                "threshold": None if threshold is None else quantity(threshold, self._money),
                "valid_until": _valid_until(standing),
                "points_to_next": self._to_next(standing.held, ahead),
                "points_to_keep": self._to_keep(standing.held, ahead),
                "reason": reason,
                "order_id": case.order_id,
                "counted_from": begin,
            },
        )

    def _to_next(self, level: int, value: int) -> int | dict[str, Any] | None:
        above = self._above[level]
        return None if above is None else quantity(max(0, above - value), self._money)

    def _to_keep(self, level: int, value: int) -> int | dict[str, Any] | None:
        keep = self._keep[level]
        return None if keep is None else quantity(max(0, keep - value), self._money)


def _valid_until(standing: Standing) -> int | None:
    """When the tier is next looked at by itself."""
    tenure = standing.tenure
    if tenure is not None and tenure.locked >= 0:
        return tenure.locked_until or None
    if tenure is not None and 0 < tenure.granted == standing.level:
        return tenure.granted_until or None
    return standing.grace_until or standing.valid_until or None
