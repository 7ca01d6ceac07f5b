"""Decisions: what the core says, and the id that makes each one the same wherever and whenever it is made."""

import hashlib
from functools import lru_cache
from typing import Any

import msgspec

from pipeline.domain.event import Event

SEGMENT_CHANGES = "segment-changes"
ABANDONMENT_TRIGGERS = "abandonment-triggers"
LOYALTY_TIERS = "loyalty-tiers"
LOYALTY_POINTS = "loyalty-points"
REDEMPTION_REJECTED = "redemption-rejected"
REWARD_AVAILABLE = "reward-available"
REWARD_TOPICS = (REDEMPTION_REJECTED, REWARD_AVAILABLE)
"""What becomes of redemptions and rewards; nothing is on them of a topology without `loyalty`."""
JOURNEY_CHANGES = "journey-changes"
TRAIT_CHANGES = "trait-changes"
CONSENT_CHANGES = "consent-changes"
MESSAGES = "messages"
MESSAGE_SUPPRESSIONS = "message-suppressions"
MESSAGE_RESULTS = "message-results"
EXPERIMENT_EXPOSURES = "experiment-exposures"
MESSAGE_TOPICS = (MESSAGES, MESSAGE_SUPPRESSIONS, MESSAGE_RESULTS, EXPERIMENT_EXPOSURES)
"""What the arbiter decides, and what comes of it; nothing is on them of a topology without `messaging`."""

ERASURES = "erasures"
"""Receipts of records that are no more; nothing is on it of a topology without `erasure` and `retention.inactive`."""
IDENTITY_CHANGES = "identity-changes"
"""Who became whom; nothing is on it of a topology without `identity`."""

DECISION_TOPICS = (
    SEGMENT_CHANGES,
    ABANDONMENT_TRIGGERS,
    LOYALTY_TIERS,
    LOYALTY_POINTS,
    JOURNEY_CHANGES,
    TRAIT_CHANGES,
    CONSENT_CHANGES,
    *REWARD_TOPICS,
    *MESSAGE_TOPICS,
    IDENTITY_CHANGES,
    ERASURES,
)

SEGMENT_CALLS = "segment-calls"
"""The decisions of SEGMENT_CHANGES, TRAIT_CHANGES and JOURNEY_CHANGES once more, as calls that destinations of Segment
take. No topic of decisions."""
STAGE_TRAIT = "journey_stage"
"""The trait that the journey's stage is in those calls."""

KIND_EVENT = "event"
KIND_TIMER = "timer"
KIND_DEFINITION_CHANGE = "definition_change"
KIND_BACKFILL = "backfill"
KIND_ERASURE = "erasure"
KIND_MERGE = "merge"


class Decision(msgspec.Struct, gc=False):
    """One line of an output topic. Instants are ms since the epoch; rendering to RFC 3339 is the encoder's.

    topic: logical topic name, one of DECISION_TOPICS.
    type: what happened, as `segment.entered`; the CloudEvents type without its prefix.
    cause_kind: one of those above; message_id: of the causing event, else None.
    definition: identity of the rule. fields: the topic's further fields, JSON-like; instants in it are ms under
    the names listed in INSTANT_FIELDS.
    """

    topic: str
    type: str
    id: str
    shopper: str
    effective_at: int
    decided_at: int
    cause_kind: str
    message_id: str | None
    definition: str
    fields: dict[str, Any]
    silent: bool = False


EVIDENCE_FIELDS = frozenset({"rules", "exchange"})
"""Fields of LOYALTY_POINTS that are for those who keep the books; no message tells of them."""

INSTANT_FIELDS = frozenset(
    {
        "abandoned_since",
        "valid_until",
        "counted_from",
        "expires_at",
        "said_at",
        "until",
        "requested_at",
        "happened_at",
        "effective_at",
        "decided_at",
    }
)


# What a rule says for the first, second, ... time it says of many shoppers.
@lru_cache(maxsize=4_096)
def _spelled(*parts: str | int) -> str:
    return "".join([f"{len(text)}:{text}" for text in map(str, parts)])


def decision_id(tenant: str, shopper: str, *cause: str | int) -> str:
    """A decision's id: 128 bits of SHA-256 over its cause (tenant, shopper, topic, rule, instance, sequence), as hex.

    Parts are length-prefixed, so that no two different causes can spell the same bytes.
    """
    spelled = f"{len(tenant)}:{tenant}{len(shopper)}:{shopper}{_spelled(*cause)}"
    return hashlib.sha256(spelled.encode()).hexdigest()[:32]


def leading_bits(decision_id: str) -> int:
    """The first 64 bits of an id: what is kept of it, and what is spread or drawn by. Raises ValueError."""
    return int(decision_id[:16], 16)


class Moment(msgspec.Struct, gc=False):
    """One instant of one shopper: when it is, why we are looking, and what comes of it.

    tenant and shopper: part of every id. now: ms. cause_kind and message_id: see Decision.
    decisions: in order of cause. remarks: names of things worth counting that are no decision, as `unknown_currency`.
    letters: events for other shoppers' records. epoch: see Past.
    """

    tenant: str
    shopper: str
    now: int
    cause_kind: str
    message_id: str | None
    decisions: list[Decision]
    remarks: list[str]
    silent: bool = False
    letters: list[Event] = []
    epoch: int = 0

    def id_of(self, *cause: str | int) -> str:
        """The id of a decision of this shopper, see `decision_id`."""
        tenant = f"{self.tenant}\x00{self.epoch}" if self.epoch else self.tenant
        return decision_id(tenant, self.shopper, *cause)

    def decide(
        self,
        topic: str,
        type: str,
        definition: str,
        identity: tuple[str | int, ...],
        fields: dict[str, Any],
        id: str | None = None,
    ) -> Decision:
        """Add a decision. `identity` tells it from all others of this shopper, topic and definition. id: what `id_of`
        made of these, where it is known."""
        now = self.now
        decision = Decision(
            topic,
            type,
            id or self.id_of(topic, definition, *identity),
            self.shopper,
            now,
            now,
            self.cause_kind,
            self.message_id,
            definition,
            fields,
            self.silent,
        )
        self.decisions.append(decision)
        return decision


def take_last(decisions: list[Decision], told: int) -> list[Decision]:
    """What was decided after the first `told` decisions, taken out of them."""
    last = decisions[told:]
    del decisions[told:]
    return last
