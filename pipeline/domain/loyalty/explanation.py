"""Why a member is on a tier, what keeps it and what leads higher, and what becomes of it if nothing happens.

What is foretold is what the programme itself says of a copy of the record for which time passes.
"""

import copy
from dataclasses import dataclass

from pipeline.domain.decision import KIND_TIMER, LOYALTY_TIERS, Decision, Moment
from pipeline.domain.loyalty.ladder import Measure
from pipeline.domain.loyalty.loyalty import Loyalty
from pipeline.domain.loyalty.programme import Programme
from pipeline.domain.loyalty.tenure import is_locked
from pipeline.domain.loyalty.tier_line import LOCKED, NOTICE, REASONS, Case
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Standing
from pipeline.domain.value.foresight import FORESIGHT


@dataclass(frozen=True, slots=True)
class Counted:
    """An order or a bonus that the metric counts. at: event time, ms. leaves_at: when the window lets go of it, ms,
    0 = never."""

    at: int
    amount: int
    leaves_at: int


@dataclass(frozen=True, slots=True)
class TierExplanation:
    """As of `at`. Instants in ms, 0 = never or not known.

    tier: the level shown; automatic: the one that it would be without a lock. reason: of REASONS, or `locked`; None of
    a level that was reached before this was kept. until: end of a lock, or of the grant that holds the level.
    counted: the latest first. ahead: the lines of `loyalty-tiers` that time alone leads to, up to the first that is
    more than a warning.
    """

    programme: ProgrammeDefinition
    at: int
    tier: int
    automatic: int
    reason: str | None
    since: int
    until: int
    measure: Measure
    counted: tuple[Counted, ...]
    ahead: tuple[Decision, ...]
    balance: int
    pending: int

    @property
    def judged(self) -> Decision | None:
        """What is to be said when the level is next looked at."""
        return next((one for one in self.ahead if one.fields["reason"] != NOTICE), None)


def explain_tier(loyalty: Loyalty, name: str, shopper: Shopper, at: int) -> TierExplanation | None:
    """Of the programme `name`; None of who has not joined it. Raises KeyError for a programme that there is not.

    shopper: as the engine left it, all that was due by `at` (ms) fired; it is not changed.
    """
    programme, standing = loyalty.programme(name), shopper.standings.get(name)
    if standing is None:
        return None
    ladder, tenure = programme.ladder, standing.tenure
    measure = ladder.measure(Case(shopper, standing, _moment(at)))
    locked = tenure is not None and is_locked(standing)
    reason = LOCKED if locked else REASONS[standing.reason] if standing.reason >= 0 else None
    since, until = standing.since, 0
    if tenure is not None and locked:
        since, until = tenure.lock_said, tenure.locked_until
    elif tenure is not None and 0 < tenure.granted == standing.level:
        until = tenure.granted_until
    return TierExplanation(
        programme.definition,
        at,
        standing.held,
        standing.level,
        reason,
        since,
        until,
        measure,
        tuple(_counted(programme, shopper, standing, measure.begin, at)),
        tuple(_foretold(loyalty, name, shopper, at)),
        standing.balance,
        standing.purse.pending if standing.purse is not None else 0,
    )


def _counted(programme: Programme, shopper: Shopper, standing: Standing, begin: int | None, at: int) -> list[Counted]:
    metric = programme.ladder.metric
    window = metric.window
    end = window.period(standing, at)[1] if window.has_periods else 0
    return [
        Counted(time, amount, time + window.rolling if window.rolling is not None else end)
        for time, amount in metric.counted(shopper, standing, begin)
    ]


def _foretold(loyalty: Loyalty, name: str, shopper: Shopper, now: int) -> list[Decision]:
    ahead, found, end = copy.deepcopy(shopper), list[Decision](), now + FORESIGHT
    while 0 < (due := ahead.loyalty_due) <= end:
        now = ahead.now = max(now, due)
        moment = _moment(now)
        loyalty.on_due(ahead, moment)
        for decision in moment.decisions:
            if decision.topic == LOYALTY_TIERS and decision.fields["programme"] == name:
                found.append(decision)
                if decision.fields["change"] != "will_downgrade":
                    return found
    return found


def _moment(now: int) -> Moment:
    return Moment("", "", now, KIND_TIMER, None, [], [])
