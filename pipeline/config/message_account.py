"""What was understood of the messages of a topology: what asks for them, what is kept, when they are decided."""

from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.config.duration import format_duration
from pipeline.config.kept_state import kept
from pipeline.config.reference import members_of
from pipeline.domain.commerce.order import ORDER_COMPLETED
from pipeline.domain.definition import Plan
from pipeline.domain.message_definition import MessageDefinition, MessagingDefinition, QuietHours
from pipeline.domain.messaging.arbiter import WAITING
from pipeline.domain.messaging.result import FEEDBACK, FOLLOWED
from pipeline.domain.value.instant import HOUR, MINUTE

_SECTIONS = {"abandonment": "abandonment", "segment": "segments", "tier": "loyalty", "points": "loyalty"}


def message_rules(plan: Plan, rules: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """As the rules of the account. rules: those that messages may be about."""
    touched = {(rule["section"], rule["name"]): rule["touched_by"] for rule in rules}
    messaging = plan.messaging or MessagingDefinition(())
    for message in messaging.messages:
        on = message.on
        events = {on.name} if on.source == "event" else set(touched[_SECTIONS[on.source], on.name])
        yield {
            "section": "messaging",
            "name": message.name,
            "definition": message.identity,
            "touched_by": sorted({*events, *FEEDBACK, ORDER_COMPLETED}),
            "keeps": list(dict.fromkeys(_kept(message, messaging))),
            "timers": list(_timers(message, messaging)),
        }


def _kept(message: MessageDefinition, messaging: MessagingDefinition) -> Iterator[str]:
    yield f"what waits to be decided and what it tells of, at most {WAITING} of all messages"
    for channel in message.channels:
        longest = max((cap.per for cap in messaging.caps if cap.channel == channel), default=0)
        if longest and not message.transactional:
            yield f"the instants of messages by {channel} in the latest {format_duration(longest)}, or twice that"
    if message.further:
        yield "what it told by one channel, until it is opened or goes on to the next"
    yield f"what it sent while its results count, at most {FOLLOWED} of all messages"
    if message.variants:
        yield "the variant that the shopper got"
    if messaging.holdout is not None and not message.transactional:
        yield "whether the shopper is held out"
    if messaging.quiet_hours is not None or message.quiet is not None or not message.reference:
        yield "the shopper's time zone"
    if not message.reference:
        yield "the language of the latest call that told one"
    if message.unless is not None:
        yield from kept(message.unless)
        yield from (f"membership in {name}" for name in members_of(message.unless))


def _timers(message: MessageDefinition, messaging: MessagingDefinition) -> Iterator[str]:
    if not message.transactional and messaging.arbitration:
        for channel in message.channels:
            yield f"decided {format_duration(messaging.arbitration)} after the first that {channel} was asked for"
    for one in message.further:
        if one.after is not None:
            yield f"goes on to {one.channel} {format_duration(one.after)} after it was sent and not opened"
    if not message.transactional and any(cap.channel in message.channels and cap.defers for cap in messaging.caps):
        yield "decided anew as a cap has room"
    quiet = messaging.quiet_hours
    if quiet is not None and message.heeds_quiet_hours and not set(message.channels).isdisjoint(quiet.channels):
        yield f"decided anew as quiet hours end, {_spread(quiet)}"
    if message.quiet is not None:
        yield f"decided anew as its own hours begin, {_spread(message.quiet)}"
    if message.expires is not None:
        yield f"expires {format_duration(message.expires)} after it was asked for"


def _spread(quiet: QuietHours) -> str:
    hour, minute = divmod(quiet.end // MINUTE, HOUR // MINUTE)
    at = f"at {hour:02d}:{minute:02d}"
    return f"within {format_duration(quiet.spread)} from {at[3:]}" if quiet.spread else at
