"""How large a shopper's record can become at the most under a topology, whatever the shopper does.

Every number is of MessagePack: an integer takes up to 9 bytes, a text its bytes and up to 5 before it. Each
piece of state that conditions share is counted once, as it is kept once.
"""

from dataclasses import dataclass
from typing import Any

from pipeline.config.bonus_account import bonus_bytes
from pipeline.config.packed_size import AMOUNT, HEAD, INSTANT, INTEGER, blocks_of, list_of
from pipeline.config.packed_size import NAME as NAME_BYTES
from pipeline.config.purse_account import lot_bytes, lots_beside, purse_bytes
from pipeline.domain.abandonment.browse import REMEMBERED
from pipeline.domain.abandonment.instance import OPEN
from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.block import KEY
from pipeline.domain.commerce import order
from pipeline.domain.commerce.cart import CARTS, LINES
from pipeline.domain.commerce.cart_line import TEXT
from pipeline.domain.commerce.early_update import UPDATES
from pipeline.domain.commerce.link import LONGEST as LINK
from pipeline.domain.commerce.order_book import ORDERS
from pipeline.domain.definition import Plan
from pipeline.domain.identity import turn, user
from pipeline.domain.identity.device import REMEMBERED as REMEMBERED_USERS
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.intake.device import LOCALE
from pipeline.domain.intake.device import LONGEST as TOKEN
from pipeline.domain.intake.identity import LIMIT as IDENTIFIER
from pipeline.domain.loyalty import lot, tenure
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.message import FULL
from pipeline.domain.message_definition import CHANNELS, MessagingDefinition
from pipeline.domain.messaging import cap
from pipeline.domain.messaging.arbiter import WAITING
from pipeline.domain.messaging.payload import PAYLOAD_BYTES
from pipeline.domain.messaging.result import FOLLOWED
from pipeline.domain.messaging.word import DEVICES
from pipeline.domain.messaging.word import LIMIT as WORDS
from pipeline.domain.messaging.word import NAME as CONSENT_NAME
from pipeline.domain.segments import most_frequent, sequence, window
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.trait import LIMIT as TRAITS
from pipeline.domain.trait import NAME
from pipeline.domain.value.extent import KEPT_BYTES
from pipeline.domain.visit import GAP

_TEXT = TEXT + HEAD
_VALUE = 4 * most_frequent.LONGEST + HEAD
_LINE = 4 * _TEXT + 4 * 8 + 3 * HEAD + 3 * INTEGER
_LINKS = 2 * (LINK + HEAD) + HEAD
_DECISION_ID = 64 + HEAD
_ORDER_AT_HAND = HEAD + 7 * INTEGER
_ORDER = KEY + 2 * INSTANT + 2 * AMOUNT + 1


@dataclass(frozen=True, slots=True)
class RecordBound:
    """parts: bytes at the most of each part, by its name. order, refund: bytes that each of them adds."""

    parts: dict[str, int]
    order: int
    refund: int

    @property
    def total(self) -> int:
        """Bytes of a record."""
        return sum(self.parts.values())


def record_bound(plan: Plan) -> RecordBound:
    conditions = Conditions.compiled(plan, plan.conditions(), plan.traits)
    holds = sum(1 for segment in plan.segments if segment.hold is not None)
    an_order = _ORDER + sum(map(lot_bytes, plan.programmes))
    links = _LINKS if plan.links else 0
    a_trait = HEAD + NAME + HEAD + KEPT_BYTES + HEAD + INTEGER + IDENTIFIER + HEAD
    parts = {
        "message ids": 2 * (FULL + HEAD),
        "visits": list_of(2 * (plan.late_segments // GAP + 4)),
        "profile traits": TRAITS * a_trait,
        "memberships": sum(NAME_BYTES + HEAD + 4 * INTEGER for _ in plan.segments),
        "windows": sum(_window(one.meaning, one.depth) for one, _ in conditions.windows.values()) + holds * list_of(3),
        "sequences": len(conditions.sequences) * list_of(1 + 3 * sequence.LIMIT),
        "first and last": len(conditions.edges) * (4 * HEAD + 2 * INTEGER + IDENTIFIER + KEPT_BYTES),
        "computed traits and stage": len(plan.traits) * (NAME_BYTES + HEAD + _VALUE + 2 * INTEGER) + 2 * NAME_BYTES,
        "carts": CARTS * (_TEXT + list_of(3) + links + LINES * (_LINE + links)),
        "abandonment": sum(_abandonment(rule, links) for rule in plan.abandonments),
        "loyalty": sum(map(_programme, plan.programmes)),
        "consent": WORDS * (2 * (4 * CONSENT_NAME + HEAD) + 3 * INTEGER + HEAD)
        + 2 * HEAD
        + INTEGER
        + DEVICES * (4 * TOKEN + 2 * HEAD + INTEGER)
        + HEAD,
        "orders": ORDERS * an_order + blocks_of(ORDERS, 5, _ORDER_AT_HAND) + list_of(5),
        "refunds": order.REFUNDS * INTEGER,
        "refunds that wait": order.PARKED_LIMIT * (list_of(4 + 2 * order.LINES) + HEAD + 4 * order.LONGEST),
        "updates that wait": UPDATES * (2 * HEAD + INTEGER + KEPT_BYTES) if _earns_by_rate(plan) else 0,
        "messages": _messages(plan.messaging) if plan.messaging is not None else 0,
        **({"identity": _identity(plan.identities)} if plan.identities is not None else {}),
        "the rest": 40 * INTEGER,
    }
    return RecordBound(parts, order=an_order, refund=INTEGER)


def _earns_by_rate(plan: Plan) -> bool:
    return any(rule.per for programme in plan.programmes for rule in programme.earn)


def _window(meaning: Any, depth: int) -> int:
    """meaning, depth: of a Window or of MostFrequent, see there."""
    if meaning[0] == "most_frequent":
        times = window.LIMIT if meaning[3] else 0
        return list_of(times) + most_frequent.VALUES * (2 * HEAD + _VALUE + 3 * INTEGER)
    function, _, _, within, _ = meaning
    match function, within is not None:
        case "count", True:
            return list_of(depth)
        case "distinct", sliding:
            return list_of(2 * depth if sliding else depth)
        case _, True:
            return list_of(2 * window.LIMIT)
    return list_of(2)


def _abandonment(rule: AbandonmentDefinition, links: int) -> int:
    """links: bytes of those of one product."""
    stages = len(rule.stages) * (INTEGER + _DECISION_ID)
    instance = NAME_BYTES + 3 * _TEXT + 5 * HEAD + 7 * INTEGER + stages + _LINE + links
    view = NAME_BYTES + _TEXT + list_of(rule.minimum_views)
    return OPEN * instance + REMEMBERED * view + NAME_BYTES + 4 * INTEGER


def _messages(messaging: MessagingDefinition) -> int:
    """What waits, what counts against caps, and what each shopper was given."""
    waiting = NAME_BYTES + IDENTIFIER + 2 * NAME_BYTES + 4 * HEAD + 4 * INTEGER + PAYLOAD_BYTES
    if any(message.further for message in messaging.messages):
        waiting += 2 * HEAD + 3 * INTEGER + list_of(len(CHANNELS))
    longest: dict[str, int] = {}
    for bound in messaging.caps:
        longest[bound.channel] = max(longest.get(bound.channel, 0), bound.at_most)
    sent = sum(list_of(2 * (cap.REDUCED * most + 1)) for most in longest.values())
    followed = 2 * _DECISION_ID + 3 * NAME_BYTES + 3 * INTEGER
    of_messages = len(messaging.messages) * 2 * NAME_BYTES
    locale = HEAD + INTEGER + 4 * LOCALE + HEAD
    return WAITING * waiting + sent + of_messages + FOLLOWED * followed + locale + 3 * INTEGER


def _identity(rules: IdentityDefinition) -> int:
    """Devices, those that were refused, and what is held while the record waits."""
    device = IDENTIFIER + 2 * HEAD + 2 * INTEGER
    refused = user.REMEMBERED * device + REMEMBERED_USERS * (IDENTIFIER + HEAD)
    return rules.devices * device + refused + turn.HELD_BYTES + turn.HELD * (2 * HEAD + 2 * INTEGER)


def _programme(programme: ProgrammeDefinition) -> int:
    lines = lot.LINES_IN_ALL * 4 * INTEGER
    standing = NAME_BYTES + list_of(2 * tenure.HISTORY) + 25 * INTEGER + 3 * NAME_BYTES + lines
    return standing + lots_beside(ORDERS) + purse_bytes(programme) + bonus_bytes(programme)
