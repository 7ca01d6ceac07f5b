"""Conditions on what the topology says elsewhere: the plan puts that into them, so that each stands for itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.domain.definition import All, AnyOf, Condition, Not
from pipeline.domain.derived_definition import (
    Computed,
    JourneyDefinition,
    JourneyStage,
    RfmScale,
    RfmScore,
    Stage,
    TraitDefinition,
)
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.standing_definition import Points, Tier

if TYPE_CHECKING:
    from pipeline.config.topology import Topology


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What conditions of a topology may ask about."""

    rfm: RfmScale | None = None
    journey: JourneyDefinition | None = None
    traits: Mapping[str, TraitDefinition] = field(default_factory=dict)
    programmes: Mapping[str, ProgrammeDefinition] = field(default_factory=dict)


def surroundings_of(topology: "Topology") -> Surroundings:
    traits = {name: trait.definition(name) for name, trait in sorted(topology.traits.items())}
    currency = topology.shop.currency
    programmes = {name: rule.definition(name, currency) for name, rule in sorted(topology.loyalty.items())}
    surroundings = Surroundings(topology.rfm.scale() if topology.rfm else None, traits=traits, programmes=programmes)
    return replace(surroundings, journey=_journey(topology, surroundings))


def _journey(topology: "Topology", surroundings: Surroundings) -> JourneyDefinition | None:
    stages = [
        JourneyStage(one.stage, resolved(one.when.meaning(), surroundings) if one.when else None)
        for one in topology.journey
    ]
    return JourneyDefinition(tuple(stages)) if stages else None


def resolved(condition: Condition, surroundings: Surroundings) -> Condition:
    """The condition with all that it asks about; what it refers to is there, as reference.py has seen to."""
    match condition:
        case All(of):
            return All(tuple(resolved(each, surroundings) for each in of))
        case AnyOf(of):
            return AnyOf(tuple(resolved(each, surroundings) for each in of))
        case Not(of):
            return Not(resolved(of, surroundings))
        case RfmScore():
            return replace(condition, scale=surroundings.rfm)
        case Computed(name):
            return replace(condition, trait=replace(surroundings.traits[name], emit="changes"))
        case Tier(name) | Points(name):
            return replace(condition, programme=surroundings.programmes[name])
        case Stage():
            return replace(condition, journey=surroundings.journey)
    return condition
