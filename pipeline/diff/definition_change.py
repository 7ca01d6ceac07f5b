"""Which definitions two plans have in common, by their identity: another title is no change."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pipeline.config.identity import identity
from pipeline.domain.definition import Plan

SEGMENTS, TRAITS, JOURNEY, RFM, ABANDONMENT, LOYALTY = "segments", "traits", "journey", "rfm", "abandonment", "loyalty"
MESSAGING = "messaging"
SECTIONS = (SEGMENTS, TRAITS, JOURNEY, RFM, ABANDONMENT, LOYALTY, MESSAGING)
NEW, CHANGED, REMOVED, UNCHANGED = "new", "changed", "removed", "unchanged"

# What the one rule of a section that has no names is called, as in the account of `afterclick check`.
_STAGES, _THRESHOLDS = "stages", "thresholds"


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """section: key of topology.yaml. old, new: identities, None of one that is not there."""

    section: str
    name: str
    old: str | None
    new: str | None

    @property
    def change(self) -> str:
        if self.old == self.new:
            return UNCHANGED
        return NEW if self.old is None else REMOVED if self.new is None else CHANGED


def definition_changes(old: Plan, new: Plan) -> list[DefinitionChange]:
    """Every definition of both, unchanged ones too, by section and name."""
    before, after = dict(_identities(old)), dict(_identities(new))
    places = sorted({**before, **after}, key=lambda place: (SECTIONS.index(place[0]), place[1]))
    return [DefinitionChange(*place, before.get(place), after.get(place)) for place in places]


def changed_facts(old: Plan, new: Plan) -> dict[str, tuple[Any, Any]]:
    """Facts of the shop that deciding rests on, by their key, where they differ: (old, new), durations in ms."""
    before, after = _facts(old), _facts(new)
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}


def _identities(plan: Plan) -> Iterator[tuple[tuple[str, str], str]]:
    yield from (((SEGMENTS, one.name), one.identity) for one in plan.segments)
    yield from (((TRAITS, one.name), one.identity) for one in plan.traits)
    yield from (((ABANDONMENT, one.name), one.identity) for one in plan.abandonments)
    yield from (((LOYALTY, one.name), one.identity) for one in plan.programmes)
    if plan.messaging is not None:
        yield from (((MESSAGING, one.name), one.identity) for one in plan.messaging.messages)
    if plan.journey is not None:
        yield (JOURNEY, _STAGES), plan.journey.identity
    if plan.rfm is not None:
        yield (RFM, _THRESHOLDS), identity(plan.rfm, {})


def _facts(plan: Plan) -> dict[str, Any]:
    return {
        "shop.timezone": plan.timezone,
        "shop.currency": plan.currency,
        "shop.exchange_rates": plan.rates,
        "events.aliases": plan.aliases,
        "time.late.segments": plan.late_segments,
        "time.late.triggers": plan.late_triggers,
        "messaging.consent": plan.consent.identity if plan.consent is not None else None,
        "messaging but its messages": identity(replace(plan.messaging, messages=()), {}) if plan.messaging else None,
    }
