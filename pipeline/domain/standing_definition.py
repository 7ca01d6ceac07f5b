"""Conditions on a shopper's standing in a loyalty programme.

Part of `definition.py`, in which the units are told.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.domain.loyalty_definition import ProgrammeDefinition

if TYPE_CHECKING:
    from pipeline.domain.definition import Bound, Test


@dataclass(frozen=True, slots=True)
class Tier:
    """Tests of the name of the tier held; missing of a shopper who has not joined. programme: put in by the plan."""

    name: str
    tests: "tuple[Test, ...]"
    programme: ProgrammeDefinition | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """Tests of the balance of points, 0 of a shopper who has not joined. programme: put in by the plan."""

    name: str
    bounds: "tuple[Bound, ...]"
    programme: ProgrammeDefinition | None = None
