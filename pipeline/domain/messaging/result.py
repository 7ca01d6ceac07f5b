"""Results: what comes of messages, as providers and orders tell it (semantics.md, part 8).

A message is followed from when it is sent until an order counts for it no more, and as much longer as an order may come
late. Of each kind of result it has one at the most. An order counts for each message that was sent before it, within
that one's time; which of them was the last is told, for sums that count an order once.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.domain.commerce.order import OrderChange
from pipeline.domain.correspondence import Correspondence, Followed
from pipeline.domain.decision import MESSAGE_RESULTS, Decision, Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event, decode_object
from pipeline.domain.messaging.experiment import CONVERTED, Experiments
from pipeline.domain.messaging.message import Message
from pipeline.domain.value.money import render

MESSAGE_FAILED = "Message Failed"
FEEDBACK = {
    "Message Sent": "sent",
    "Message Delivered": "delivered",
    "Message Opened": "opened",
    "Message Clicked": "clicked",
    MESSAGE_FAILED: "failed",
}
"""Events that tell of a message, and the result that each is."""

RECOVERED = "recovered"
_HELD_OUT = 1
_BITS = {name: 2 << place for place, name in enumerate((*FEEDBACK.values(), RECOVERED, CONVERTED))}

# Messages of a shopper that are followed. Of more, the oldest is followed no longer; counted as `result_limit`.
FOLLOWED = 50


class Results:
    """Follows messages. Keeps `Correspondence.followed`."""

    __slots__ = ("_currency", "_experiments", "_late", "_messages")

    def __init__(self, plan: Plan, messages: Mapping[str, Message], experiments: Experiments) -> None:
        self._currency, self._late = plan.currency, plan.late_triggers
        self._messages, self._experiments = messages, experiments

    def follow(
        self,
        kept: Correspondence,
        message: Message,
        channel: str,
        variant: str | None,
        sent: Decision | None,
        exposure: Decision | None,
        moment: Moment,
    ) -> None:
        """From now on. sent: None of who is held out. exposure: that the message is, if it is one."""
        told = sent or exposure
        if told is None:
            return
        self.forget(kept, moment.now)
        if len(kept.followed) >= FOLLOWED:
            moment.remarks.append("result_limit")
            del kept.followed[0]
        until = moment.now + message.attribution(channel)
        one = Followed(bytes.fromhex(told.id), message.name, channel, variant, moment.now, until)
        one.told = 0 if sent is not None else _HELD_OUT
        one.exposure = b"" if exposure is None else bytes.fromhex(exposure.id)
        kept.followed.append(one)

    def forget(self, kept: Correspondence, now: int) -> None:
        """Let go of messages that nothing counts for any more, and of those that are in the topology no more."""
        if kept.followed:
            kept.followed = [
                one for one in kept.followed if now <= one.until + self._late and one.message in self._messages
            ]

    def ends(self, kept: Correspondence) -> list[int]:
        """When all of them are forgotten, ms: one wake-up for as many as there are."""
        followed = kept.followed
        return [max([one.until for one in followed]) + self._late + 1] if followed else []

    def on_feedback(self, kept: Correspondence, event: Event, moment: Moment) -> bool:
        """What an event of FEEDBACK tells; False if it is of no message that is followed."""
        message_id = decode_object(event.properties).get("message_id")
        self.forget(kept, moment.now)
        for one in kept.followed:
            if one.id.hex() == message_id and not one.told & _HELD_OUT:
                if _first(one, FEEDBACK[event.name]):
                    self._tell(one, FEEDBACK[event.name], {"happened_at": event.time}, moment)
                return True
        return False

    def on_orders(self, kept: Correspondence, changes: Iterable[OrderChange], event: Event, moment: Moment) -> None:
        """What an order is the result of. One that is too late for triggers is too late for results as well."""
        self.forget(kept, moment.now)
        for change in changes:
            order = change.order
            if order is None or not change.completes or moment.now - event.time > self._late:
                continue
            before = [one for one in kept.followed if one.since < event.time <= one.until]
            credited = [one for one in before if self._credits(one)]
            last = max(credited, key=lambda one: (one.since, one.message, one.channel, one.id), default=None)
            revenue = None if order.priced is None else render(order.value, self._currency)
            for one in before:
                fields = {
                    "happened_at": event.time,
                    "order_id": change.order_id,
                    "revenue": revenue,
                    "time_to_order": event.time - one.since,
                }
                if one in credited and _first(one, RECOVERED):
                    self._tell(one, RECOVERED, fields | {"last_touch": one is last}, moment)
                if one.exposure and _first(one, CONVERTED):
                    self._convert(one, fields, moment)

    def _credits(self, one: Followed) -> bool:
        """Whether an order may be a result of the message: it was not held back, nor did it fail."""
        if one.told & (_HELD_OUT | _BITS["failed"]):
            return False
        definition = self._messages[one.message].definition
        return not definition.transactional or definition.attribution is not None

    def _tell(self, one: Followed, result: str, fields: dict[str, Any], moment: Moment) -> None:
        message = self._messages[one.message]
        line = {
            "message_id": one.id.hex(),
            "message": one.message,
            "channel": one.channel,
            "variant": one.variant,
            "result": result,
            "order_id": None,
            "revenue": None,
            "time_to_order": None,
            "last_touch": False,
            **fields,
        }
        moment.decide(MESSAGE_RESULTS, f"message.{result}", message.identity, (one.id.hex(), result), line)

    def _convert(self, one: Followed, fields: dict[str, Any], moment: Moment) -> None:
        definition, exposure = self._messages[one.message].definition, one.exposure.hex()
        fields = {
            "variant": one.variant,
            "holdout": bool(one.told & _HELD_OUT),
            "channel": one.channel,
            "exposure": exposure,
            **fields,
        }
        self._experiments.tell(definition, CONVERTED, exposure, fields, moment)


def _first(one: Followed, result: str) -> bool:
    """Note that it was told; whether it was not before."""
    bit = _BITS[result]
    if one.told & bit:
        return False
    one.told |= bit
    return True
