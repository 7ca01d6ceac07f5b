"""Conditions on what the topology says elsewhere: the plan puts that into them, so that each stands for itself."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.domain.definition import All, AnyOf, Condition, Not
from pipeline.domain.derived_definition import RfmScale, RfmScore

if TYPE_CHECKING:
    from pipeline.config.topology import Topology


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What conditions of a topology may ask about."""

    rfm: RfmScale | None = None


def surroundings_of(topology: "Topology") -> Surroundings:
    return Surroundings(topology.rfm.scale() if topology.rfm else None)


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
    return condition
