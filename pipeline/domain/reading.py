"""What has to be done for events of one name, found once for each."""

import msgspec

from pipeline.domain.segments.derivation import Derivation
from pipeline.domain.segments.edge import EdgeWatch
from pipeline.domain.segments.filter_index import FilterIndex
from pipeline.domain.segments.segment import Segment
from pipeline.domain.segments.sequence import SequenceWatch
from pipeline.domain.segments.window import Folded

# From so many windows of one event name that filters tell apart an index of them takes less time than asking each.
WORTH_INDEXING = 4


class Indexed(msgspec.Struct, frozen=True):
    """The windows and segments of a Reading, by the values that their filters ask for."""

    windows: FilterIndex[Folded]
    segments: FilterIndex[Segment]
    segments_of_new: FilterIndex[Segment]


class Reading(msgspec.Struct, frozen=True):
    """What has to be done for events of one name: only the rules that read it. indexed: None for a few of them.
    beside: what those events do besides what their name says, see `Readings.wider`. idle: nothing; idle_of_new: nor for
    a shopper who is new. plain: nothing but to count them in windows, and to look at segments."""

    name: str
    windows: tuple[Folded, ...]
    edges: tuple[EdgeWatch, ...]
    sequences: tuple[SequenceWatch, ...]
    segments: tuple[Segment, ...]
    segments_of_new: tuple[Segment, ...]
    indexed: Indexed | None
    properties: bool
    cart: bool
    order: bool
    traits: bool
    consent: bool
    earning: bool
    derivations: tuple[Derivation, ...]
    derivations_of_new: tuple[Derivation, ...]
    abandonment: bool
    behaviour: bool
    idle: bool
    idle_of_new: bool
    plain: bool
    beside: frozenset[str] = frozenset()


def index_of(
    name: str, windows: tuple[Folded, ...], segments: tuple[Segment, ...], segments_of_new: tuple[Segment, ...]
) -> Indexed | None:
    """An index of them for events of a name, None if it would not pay."""
    if sum(one.discriminator is not None for one in windows) < WORTH_INDEXING:
        return None
    asking = [(one, None if name in one.beginnings else one.discriminator) for one in segments]
    of_new = [(one, None if one.of_nothing or name in one.beginnings else one.discriminator) for one in segments_of_new]
    return Indexed(
        windows=FilterIndex([(one, one.discriminator) for one in windows]),
        segments=FilterIndex(asking),
        segments_of_new=FilterIndex(of_new),
    )
