"""One decision of each topic, as the core makes it."""

from typing import Any

from pipeline.domain.decision import Decision

NOON = 1_767_441_600_000
SOURCE = {"topic": "shopper-events", "partition": 3, "offset": 42}

FIELDS: dict[str, dict[str, Any]] = {
    "segment-changes": {"segment": "engaged", "change": "entered", "sequence": 1},
    "abandonment-triggers": {
        "kind": "cart",
        "subject": "cart-1",
        "instance": "cart-1/1",
        "change": "abandoned",
        "stage": 1,
        "of": 3,
        "abandoned_since": NOON - 1,
        "cart": {
            "items": [
                {
                    "product_id": "p1",
                    "sku": None,
                    "name": "Schuhe",
                    "quantity": 2,
                    "price": {"amount": 1295, "currency": "EUR"},
                }
            ],
            "total": {"amount": 2590, "currency": "EUR"},
            "gap_to_free_shipping": {"amount": 2310, "currency": "EUR"},
        },
    },
    "loyalty-tiers": {
        "programme": "club",
        "change": "upgraded",
        "from": "bronze",
        "to": "silver",
        "metric": "spend",
        "value": {"amount": 100_000, "currency": "EUR"},
        "threshold": {"amount": 100_000, "currency": "EUR"},
        "valid_until": NOON + 1,
        "points_to_next": 4000,
        "points_to_keep": 0,
        "reason": "reached",
        "order_id": "o-1",
        "counted_from": NOON - 2,
    },
    "trait-changes": {
        "trait": "lifetime_value",
        "before": {"amount": 0, "currency": "EUR"},
        "after": {"amount": 2590, "currency": "EUR"},
        "sequence": 1,
    },
    "messages": {
        "message": "cart-reminder",
        "channel": "email",
        "variant": "control",
        "trigger": "0" * 32,
        "expires_at": NOON + 2,
        "priority": 50,
        "payload": {
            "abandonment": None,
            "segment": None,
            "tier": {
                "programme": "club",
                "change": "upgraded",
                "from": "bronze",
                "to": "silver",
                "metric": "points_earned",
                "value": 100,
                "threshold": 100,
                "valid_until": NOON + 1,
                "points_to_next": None,
                "points_to_keep": 0,
                "reason": "reached",
                "order_id": "o-1",
                "counted_from": NOON - 2,
            },
            "points": None,
            "event": None,
        },
    },
    "message-suppressions": {"message": "cart-reminder", "trigger": "m-1", "reason": "quiet_hours", "until": NOON + 3},
    "journey-changes": {"from": "active", "to": "at_risk", "sequence": 2},
    "consent-changes": {
        "channel": "email",
        "purpose": "marketing",
        "address": None,
        "before": None,
        "after": "denied",
        "reason": "opt_out",
        "said_at": NOON - 5,
        "sequence": 1,
    },
    "redemption-rejected": {
        "programme": "club",
        "redemption_id": "r-1",
        "points": 500,
        "reward": "voucher-5",
        "reason": "insufficient_points",
        "balance": 120,
    },
    "reward-available": {"programme": "club", "reward": "voucher-5", "cost": 500, "balance": 512},
    "loyalty-points": {
        "programme": "club",
        "entry": "reversed",
        "points": -25,
        "balance": 0,
        "pending": 0,
        "lot": "l1",
        "order_id": "o1",
        "expires_at": None,
    },
}


def decision(topic: str, **fields: Any) -> Decision:
    return Decision(
        topic=topic,
        type="segment.entered",
        id="0" * 31 + "1",
        shopper="jürgen",
        effective_at=NOON,
        decided_at=NOON + 7,
        cause_kind="event",
        message_id="m-1",
        definition="d3f",
        fields={**FIELDS[topic], **fields},
    )
