"""What is kept of a programme's points beside their lots: in words, and in bytes of MessagePack at the most."""

from collections.abc import Iterator

from pipeline.config.packed_size import AMOUNT, HEAD, INSTANT, INTEGER, NAME, NUMBER, POINTS, blocks_of
from pipeline.domain.block import KEY
from pipeline.domain.commerce.order import LONGEST
from pipeline.domain.loyalty.redemption import REDEMPTIONS
from pipeline.domain.loyalty_definition import ProgrammeDefinition

_LOT_AT_HAND = 2 * HEAD + 9 * INTEGER
_HOLDING_AT_HAND = HEAD + 4 * INTEGER
_LOT = INSTANT + KEY + 3 + 4 * POINTS + AMOUNT + 1 + NUMBER
_HOLDING = 2 * INSTANT + NUMBER + POINTS
_PART = 4 * INTEGER


def kept_of_points(programme: ProgrammeDefinition) -> Iterator[str]:
    """Each piece of state, one phrase each."""
    if programme.confirm_after is not None:
        yield "the lots that are not confirmed, with their order ids"
    if _holds(programme):
        yield "what of lots is held for review, with their order ids"
    if programme.expire is not None:
        yield "what may be spent of each lot"
    yield f"the {REDEMPTIONS:,} latest redemptions, with the lots that they were of"
    if programme.rewards:
        yield "the rewards that were told of"


def lot_bytes(programme: ProgrammeDefinition) -> int:
    """Of each order: its lot, what of it waits or may be spent, and the part of a redemption that came from it."""
    waiting = (2 * HEAD + 5 * INTEGER + 4 * LONGEST) * ((programme.confirm_after is not None) + _holds(programme))
    holding = _HOLDING + _PART if programme.expire is not None else 0
    return _LOT + waiting + holding


def lots_beside(lots: int) -> int:
    """Of so many lots, and of what may be spent of them: what their blocks take beside them."""
    return blocks_of(lots, 10, _LOT_AT_HAND) + blocks_of(lots, 4, _HOLDING_AT_HAND)


def purse_bytes(programme: ProgrammeDefinition) -> int:
    """Of all the rest: redemptions, and the rewards that were told of."""
    redemption = 2 * HEAD + 5 * INTEGER + NAME
    return 4 * HEAD + 5 * INTEGER + REDEMPTIONS * redemption + len(programme.rewards) * NAME


def _holds(programme: ProgrammeDefinition) -> bool:
    return programme.review is not None
