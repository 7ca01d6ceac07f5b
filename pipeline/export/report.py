"""What `afterclick export` writes: a shopper's record in parts that people can read."""

from typing import Any

from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.messaging.word import REASONS, Words
from pipeline.domain.profile import profile
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import format_instant, format_known
from pipeline.explain.known import Known
from pipeline.export.named import named


def export_data(known: Known, plan: Plan) -> dict[str, Any]:
    """docs/privacy.md tells what the parts mean. plan: that of the topology, for the profile."""
    shopper = known.shopper
    return {
        "shopper": known.shopper_id,
        "as_of": format_instant(known.at),
        "source": known.source,
        "first_seen": format_known(shopper.created),
        "profile": profile(Engine(plan), shopper, known.shopper_id),
        "traits": traits(shopper),
        "segments": memberships(shopper),
        "carts": named(shopper.carts),
        "viewed": named(shopper.views),
        "abandonments": named(shopper.instances),
        "orders": named(shopper.orders),
        "refunds": {"taken": len(shopper.refund_keys), "parked": named(shopper.parked)},
        "loyalty": named(shopper.standings),
        "consent": consent(shopper.words),
        "messages": named(shopper.correspondence()) if shopper.messages is not None else None,
        "visits": {
            "count": shopper.sessions,
            "recent": [format_known(at) for at in shopper.recent_visits],
            "pace": shopper.pace,
        },
        "remembered": _remembered(shopper),
        "timers": timers(shopper),
        "past": named(shopper.past),
    }


def traits(shopper: Shopper) -> dict[str, Any]:
    """Each trait with the call that said it."""
    return {
        name: {"value": trait.value, "said_at": format_known(trait.time), "message_id": trait.message_id}
        for name, trait in shopper.traits.items()
    }


def memberships(shopper: Shopper) -> dict[str, Any]:
    """Of each segment that the shopper ever was looked at for: member or not, since when, until when at most."""
    return {
        name: {
            "member": one.member,
            "since": format_known(one.since),
            "changes": one.sequence,
            "changes_at": format_known(one.due),
        }
        for name, one in sorted(shopper.memberships.items())
    }


def consent(words: Words | None) -> dict[str, Any] | None:
    """What was said, and the devices that push messages go to."""
    if words is None:
        return None
    said = [{**named(word), "reason": REASONS[word.reason]} for word in words.words]
    return {"words": said, "devices": named(words.devices)}


def _remembered(shopper: Shopper) -> dict[str, Any]:
    """What conditions and computed traits keep, by the fingerprint of their meaning."""
    return {
        "windows": {f"{key:x}": values for key, values in shopper.windows.items()},
        "observations": {f"{key:x}": named(one) for key, one in shopper.observations.items()},
        "computed": named(shopper.derived),
        "cool_downs": named(shopper.cooldowns),
        "early_updates": named(shopper.early_updates),
        "message_ids": (len(shopper.ids) + len(shopper.old_ids)) // 12,
    }


def timers(shopper: Shopper) -> dict[str, Any]:
    """When the shopper is looked at next, and by what."""
    messages, past = shopper.messages, shopper.past
    return {
        "next": format_known(shopper.due),
        "segments": format_known(shopper.segments_due),
        "orders": format_known(shopper.orders_due),
        "abandonment": format_known(shopper.abandonment_due),
        "loyalty": format_known(shopper.loyalty_due),
        "messages": format_known(messages.due) if messages is not None else None,
        "retention": format_known(past.expires) if past is not None else None,
    }
