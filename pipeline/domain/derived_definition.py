"""What a topology derives of a shopper besides segments: RFM scores, the journey's stage, computed traits.

Part of `definition.py`, in which the units are told; its Condition takes the conditions on them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.domain.definition import Condition, Path, Selection, Test
    from pipeline.domain.window_definition import Within


@dataclass(frozen=True, slots=True)
class RfmScale:
    """Four thresholds each, never falling, that part five scores (readings.md, 26).

    recency: ms since the latest order, of which fewer score higher. frequency: orders. monetary: minor units.
    """

    recency: tuple[int, ...]
    frequency: tuple[int, ...]
    monetary: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RfmScore:
    """Scores of 1 to 5 that a shopper may have in each; an empty tuple takes any. scale: put in by the plan."""

    recency: tuple[int, ...] = ()
    frequency: tuple[int, ...] = ()
    monetary: tuple[int, ...] = ()
    scale: RfmScale | None = None


@dataclass(frozen=True, slots=True)
class JourneyStage:
    """One stage; when None: the last one, of whom no other takes."""

    name: str
    when: "Condition | None" = None


@dataclass(frozen=True, slots=True)
class JourneyDefinition:
    """Stages in the order in which they are asked: the first that holds is the shopper's."""

    stages: tuple[JourneyStage, ...]
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """The shopper's stage is one of these names. journey: put in by the plan."""

    names: tuple[str, ...]
    journey: JourneyDefinition | None = None


@dataclass(frozen=True, slots=True)
class TraitDefinition:
    """One entry of `traits:`. within: its window (None: lifetime).

    function: `orders spend` of the order book; else `count sum min max avg distinct first last most_frequent` of
    `selection`. emit: `changes`, or `daily` for one line a day of the shop at most.
    """

    name: str
    function: str
    selection: "Selection | None" = None
    property: "Path | None" = None
    within: "Within" = None
    emit: str = "changes"
    identity: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Computed:
    """Tests of a computed trait. trait: put in by the plan."""

    name: str
    tests: "tuple[Test, ...]"
    trait: TraitDefinition | None = None
