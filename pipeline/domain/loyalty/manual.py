"""Tiers by hand: what somebody locks, and what a purchase or an invitation grants (readings.md, 44; semantics.md, 6).

A lock is shown in place of the tier that the metric leads to, which goes on being computed unseen. A grant is a floor:
the metric may lead higher, but not below it while it lasts.
"""

from typing import Any

from pipeline.domain.commerce.order import identifier
from pipeline.domain.event import Event
from pipeline.domain.loyalty import tier_line as why
from pipeline.domain.loyalty.tenure import is_locked, tenure_of
from pipeline.domain.loyalty.tier import Tiers
from pipeline.domain.loyalty.tier_line import Case
from pipeline.domain.loyalty_definition import TIER_EVENTS, TIER_LOCKED, TIER_UNLOCKED, ProgrammeDefinition
from pipeline.domain.shopping import Standing, Tenure
from pipeline.domain.value.instant import format_known, parse_instant


class Manual:
    """Locks and grants of one programme. Of those of a shopper the latest by event time counts."""

    __slots__ = ("_granted_by", "_levels", "_tiers", "names")

    def __init__(self, programme: ProgrammeDefinition, tiers: Tiers) -> None:
        self._tiers = tiers
        self._levels = {level.name: number for number, level in enumerate(programme.levels)}
        granted = [(level.granted_by, number) for number, level in enumerate(programme.levels) if level.granted_by]
        self._granted_by = dict(granted)
        self.names = TIER_EVENTS | frozenset(self._granted_by)

    def takes(self, event: Event, properties: dict[str, Any], now: int, *, addressed: bool) -> bool:
        """Whether a shopper joins with the event."""
        if event.name == TIER_UNLOCKED or not self._is_about(event, addressed=addressed):
            return False
        until = _until(properties)
        return self._level(event, properties) is not None and until is not None and not 0 < until <= now

    def on_event(self, case: Case, event: Event, properties: dict[str, Any], *, addressed: bool) -> None:
        """Take one of `names`; addressed: one of TIER_EVENTS is about this programme. Remarks: `unknown_tier`,
        `tier_until_invalid`."""
        if not self._is_about(event, addressed=addressed):
            return
        tenure = case.standing.tenure or Tenure()
        if event.name == TIER_UNLOCKED:
            if event.time >= tenure.lock_said:
                tenure_of(case.standing).lock_said = event.time
                self._unlock(case, why.UNLOCKED)
            return
        level, until = self._level(event, properties), _until(properties)
        if level is None:
            case.moment.remarks.append("unknown_tier")
        elif until is None or 0 < until <= case.now:
            case.moment.remarks.append("tier_until_invalid")
        elif event.name == TIER_LOCKED:
            if event.time >= tenure.lock_said:
                tenure_of(case.standing).lock_said = event.time
                self._lock(case, level, until)
        elif event.time >= tenure.grant_said and (event.time, level, until) != _grant_of(tenure):
            tenure_of(case.standing).grant_said = event.time
            self._grant(case, level, until)

    def join(self, case: Case, other: Standing) -> None:
        """Take in what was said of another id of the same person: of locks, and of grants, the later word."""
        theirs, tenure = other.tenure, tenure_of(case.standing) if other.tenure is not None else None
        if theirs is None or tenure is None:
            return
        if theirs.lock_said > tenure.lock_said:
            tenure.lock_said = theirs.lock_said
            if theirs.locked >= 0:
                self._lock(case, theirs.locked, theirs.locked_until)
            else:
                self._unlock(case, why.UNLOCKED)
        if theirs.grant_said > tenure.grant_said:
            tenure.grant_said = theirs.grant_said
            if theirs.granted >= 0:
                self._grant(case, theirs.granted, theirs.granted_until)
            elif tenure.granted >= 0:
                self._end_grant(case, tenure)

    def on_due(self, case: Case) -> None:
        """End a grant whose time is over. To be called before the tiers are looked at."""
        tenure = case.standing.tenure
        if tenure is not None and tenure.granted >= 0 and 0 < tenure.granted_until <= case.now:
            self._end_grant(case, tenure)

    def end_lock(self, case: Case) -> None:
        """End a lock whose time is over. To be called after the tiers were looked at."""
        tenure = case.standing.tenure
        if tenure is not None and tenure.locked >= 0 and 0 < tenure.locked_until <= case.now:
            self._unlock(case, why.LOCK_ENDED)

    def adapt(self, case: Case) -> tuple[int, str] | None:
        """Find the tiers by their names in a programme that was changed; what was locked or granted of a tier that
        there is no more, is over. Returns level and name of such a lock."""
        tenure = case.standing.tenure
        if tenure is not None and tenure.granted >= 0:
            tenure.granted = self._levels.get(tenure.granted_tier, -1)
        if tenure is None or tenure.locked < 0:
            return None
        level, tenure.locked = tenure.locked, self._levels.get(tenure.locked_tier, -1)
        return (level, tenure.locked_tier) if tenure.locked < 0 else None

    def summary(self, standing: Standing) -> dict[str, Any]:
        """Of whose tier is locked: `automatic`, the tier that it would be, and `locked_until`, null: until unlocked. Of
        who was granted one: `granted`, `granted_until`."""
        tenure, told = standing.tenure, dict[str, Any]()
        if tenure is not None and tenure.locked >= 0:
            told |= {"automatic": self._tiers.name(standing.level), "locked_until": format_known(tenure.locked_until)}
        if tenure is not None and tenure.granted >= 0:
            told |= {"granted": self._tiers.name(tenure.granted), "granted_until": format_known(tenure.granted_until)}
        return told

    def _is_about(self, event: Event, *, addressed: bool) -> bool:
        return addressed if event.name in TIER_EVENTS else event.name in self._granted_by

    def _level(self, event: Event, properties: dict[str, Any]) -> int | None:
        if event.name in TIER_EVENTS:
            return self._levels.get(identifier(properties.get("tier")))
        return self._granted_by.get(event.name)

    def _lock(self, case: Case, level: int, until: int) -> None:
        before, tenure = case.standing.held, tenure_of(case.standing)
        tenure.locked, tenure.locked_until, tenure.locked_tier = level, until, self._tiers.name(level)
        self._tiers.shift(case, before, self._tiers.name(before), why.LOCKED)

    def _unlock(self, case: Case, reason: str) -> None:
        if is_locked(case.standing):
            before, tenure = case.standing.held, tenure_of(case.standing)
            tenure.locked, tenure.locked_until, tenure.locked_tier = -1, 0, ""
            self._tiers.shift(case, before, self._tiers.name(before), reason)

    def _grant(self, case: Case, level: int, until: int) -> None:
        """A grant takes the place of an earlier one."""
        tenure = tenure_of(case.standing)
        before, tenure.granted = tenure.granted, level
        tenure.granted_until, tenure.granted_tier = until, self._tiers.name(level)
        self._tiers.grant(case, level)
        if level < before == case.standing.level:
            self._tiers.review(case, why.GRANT_ENDED)

    def _end_grant(self, case: Case, tenure: Tenure) -> None:
        level = tenure.granted
        tenure.granted, tenure.granted_until, tenure.granted_tier = -1, 0, ""
        if case.standing.level == level > 0:
            self._tiers.review(case, why.GRANT_ENDED)


def _grant_of(tenure: Tenure) -> tuple[int, int, int]:
    """What tells a copy of the grant that is there: messages are remembered for a shorter time than grants last."""
    return tenure.grant_said, tenure.granted, tenure.granted_until


def _until(properties: dict[str, Any]) -> int | None:
    """Until when, ms; 0: nothing is said of an end. None: it cannot be read."""
    raw = properties.get("until")
    return 0 if raw is None else parse_instant(raw)
