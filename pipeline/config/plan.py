"""From a topology to the plan that the core is compiled from."""

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.config.identity import digest, identity
from pipeline.config.reference import in_order, members_of
from pipeline.domain.definition import (
    AbandonmentDefinition,
    Plan,
    ProgrammeDefinition,
    SegmentDefinition,
)

if TYPE_CHECKING:
    from pipeline.config.topology import Topology


def make_plan(topology: "Topology") -> Plan:
    """Rules stand in a canonical order, whatever their order in the file: segments after those they refer to, else by
    name. So topologies of one digest decide alike."""
    shop = topology.shop
    segments = _segments(topology)
    members = {segment.name: segment.identity for segment in segments}
    abandonments = _abandonments(topology, members)
    programmes = _programmes(topology, members)
    identities = [
        *members.values(),
        *(rule.identity for rule in abandonments),
        *(rule.identity for rule in programmes),
    ]
    return Plan(
        name=topology.name,
        digest=digest(identities, {"timezone": shop.timezone, "currency": shop.currency, "rates": shop.exchange_rates}),
        timezone=shop.timezone,
        currency=shop.currency,
        rates=dict(sorted(shop.exchange_rates.items())),
        aliases=dict(sorted(topology.events.aliases.items())),
        future_skew=topology.time.future_skew,
        late_segments=topology.time.late.segments,
        late_triggers=topology.time.late.triggers,
        segments=segments,
        abandonments=abandonments,
        programmes=programmes,
    )


def _segments(topology: "Topology") -> tuple[SegmentDefinition, ...]:
    rules = {name: segment.when.meaning() for name, segment in topology.segments.items()}
    identities: dict[str, str] = {}
    segments = []
    for name in in_order({name: list(members_of(rule)) for name, rule in rules.items()}):
        entry = topology.segments[name]
        unnamed = SegmentDefinition(name, rules[name], identity="", hold=entry.damping())
        identities[name] = identity(unnamed, identities)
        segments.append(replace(unnamed, identity=identities[name], title=entry.title))
    return tuple(segments)


def _abandonments(topology: "Topology", members: dict[str, str]) -> tuple[AbandonmentDefinition, ...]:
    return tuple(
        rule.definition(name, identity(rule.definition(name), members))
        for name, rule in sorted(topology.abandonment.items())
    )


def _programmes(topology: "Topology", members: dict[str, str]) -> tuple[ProgrammeDefinition, ...]:
    currency = topology.shop.currency
    return tuple(
        rule.definition(name, currency, identity(rule.definition(name, currency), members))
        for name, rule in sorted(topology.loyalty.items())
    )
