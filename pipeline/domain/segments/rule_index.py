"""The rules that read one event name, by the values that their filters ask for."""

import msgspec

from pipeline.domain.segments.filter_index import FilterIndex
from pipeline.domain.segments.segment import Segment
from pipeline.domain.segments.window import Folded

# From so many windows of one event name that filters tell apart an index of them takes less time than asking each.
WORTH_INDEXING = 4


class RuleIndex(msgspec.Struct, frozen=True):
    """Windows, and the segments over them; of a new shopper, also those that are true of nothing."""

    windows: FilterIndex[Folded]
    segments: FilterIndex[Segment]
    segments_of_new: FilterIndex[Segment]


def rule_index(
    windows: tuple[Folded, ...], segments: tuple[Segment, ...], segments_of_new: tuple[Segment, ...]
) -> RuleIndex | None:
    """None for few windows: each is asked then."""
    if sum(one.discriminator is not None for one in windows) < WORTH_INDEXING:
        return None
    return RuleIndex(
        windows=FilterIndex([(one, one.discriminator) for one in windows]),
        segments=FilterIndex([(one, one.discriminator) for one in segments]),
        segments_of_new=FilterIndex([(one, None if one.of_nothing else one.discriminator) for one in segments_of_new]),
    )
