"""The arbiter over single shoppers: what the scenarios cannot show, ids, state, limits, variants and what failed."""

import json
from typing import Any

import msgspec
import pytest

from pipeline.domain.decide import Engine
from pipeline.domain.decision import Decision
from pipeline.domain.event import Event
from pipeline.domain.messaging.arbiter import WAITING
from pipeline.domain.messaging.payload import PAYLOAD_BYTES
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY, HOUR, MINUTE
from pipeline.state.record import RecordCodec
from tests.unit.config.builder import topology

T = 1_767_571_200_000
CODEC = RecordCodec()
# A message on-site is followed for a day of attribution and two in which an order may be late.
FORGOTTEN = 3 * DAY + 1
GRANTED = "consent: {unknown: granted}, arbitration: 0s"


def engine(messaging: str, rest: str = "") -> Engine:
    return Engine(topology(f"{rest}messaging: {{{messaging}}}\n").plan())


class Visitor:
    """One shopper, whose record is stored and read again before every event."""

    def __init__(self, decides: Engine, name: str = "kim") -> None:
        self.decides, self.name, self.shopper, self.number = decides, name, Shopper(), 0
        self.remarks: list[str] = []

    def track(self, name: str, at: int = T, **properties: Any) -> list[Decision]:
        self.number += 1
        raw = msgspec.Raw(json.dumps(properties).encode())
        event = Event("track", name, self.name, at, at, f"m{self.number}", self.number, raw)
        return self._took(self.decides.decide(self._read(), event, at))

    def wait(self, until: int) -> list[Decision]:
        return self._took(self.decides.on_due(self._read(), self.name, until))

    def _read(self) -> Shopper:
        self.shopper = CODEC.decode(CODEC.encode(self.shopper))
        return self.shopper

    def _took(self, outcome: Outcome) -> list[Decision]:
        self.remarks += outcome.remarks
        return outcome.decisions


def told(decisions: list[Decision]) -> list[str]:
    """`message`, or `message: reason` with a `..` behind what waits on."""
    return [
        one.fields["message"]
        if one.topic == "messages"
        else f"{one.fields['message']}: {one.fields['reason']}{' ..' if one.fields['until'] else ''}"
        for one in decisions
        if one.topic.startswith("message")
    ]


CAPPED = f"{GRANTED}, caps: [{{channel: on-site, at_most: 1, per: 1d}}]"
NOTE = "note: {on: {event: Ask}, channel: on-site}"


def test_a_message_that_failed_counts_against_no_cap() -> None:
    kim = Visitor(engine(f"{CAPPED}, messages: {{{NOTE}}}"))
    (first,) = kim.track("Ask")
    assert told(kim.track("Ask", T + 1)) == ["note: cap"]
    kim.track("Message Failed", T + 2, message_id=first.id)
    assert kim.remarks == []
    assert told(kim.track("Ask", T + 3)) == ["note"]
    # One failure gives back one place, once.
    assert kim.track("Message Failed", T + 4, message_id=first.id) == []
    assert told(kim.track("Ask", T + 5)) == ["note: cap"]
    assert kim.remarks == []
    kim.track("Message Failed", T + FORGOTTEN, message_id=first.id)
    assert kim.remarks == ["unknown_message"]


@pytest.mark.parametrize("message_id", ["", "nonsense", "f" * 32, None, 5, ["a"]])
def test_what_failed_and_is_not_known_is_counted_and_changes_nothing(message_id: Any) -> None:
    kim = Visitor(engine(f"{CAPPED}, messages: {{{NOTE}}}"))
    kim.track("Message Failed", message_id=message_id)
    kim.track("Ask")
    before = kim.shopper.messages
    kim.track("Message Failed", T + 1, message_id=message_id)
    assert kim.remarks == ["unknown_message"] * 2
    assert kim.shopper.messages is not None
    assert before is not None
    assert kim.shopper.messages.open() == before.open()


def test_a_trigger_is_the_decision_and_its_payload_what_it_told() -> None:
    rules = "abandonment: {cart: {stages: [1h]}}\n"
    kim = Visitor(engine(f"{GRANTED}, messages: {{left: {{on: {{abandonment: cart}}, channel: on-site}}}}", rules))
    kim.track("Product Added", product_id="p1", price=12.5, quantity=2, url="/p1", image_url="/p1.png", cart_url="/c")
    trigger, message = kim.wait(T + DAY)
    assert trigger.fields["cart"]["url"] == "/c"
    assert message.fields["trigger"] == trigger.id
    part = message.fields["payload"].pop("abandonment")
    assert part == {name: trigger.fields[name] for name in part}
    assert set(trigger.fields) - set(part) == {"change", "retracts", "order_id"}
    assert set(message.fields["payload"].values()) == {None}


def test_an_event_that_asks_is_its_own_trigger() -> None:
    kim = Visitor(engine(f"{GRANTED}, messages: {{{NOTE}}}"))
    (message,) = kim.track("Ask", product_id="p1", names=["ä"])
    assert message.fields["trigger"] == "m1"
    event = message.fields["payload"]["event"]
    assert (event["name"], json.loads(event["properties"])) == ("Ask", {"product_id": "p1", "names": ["ä"]})


def test_more_than_is_kept_of_an_event_is_left_out_and_counted() -> None:
    kim = Visitor(engine(f"{GRANTED}, messages: {{{NOTE}}}"))
    (message,) = kim.track("Ask", text="x" * PAYLOAD_BYTES)
    assert message.fields["payload"]["event"] == {"name": "Ask", "properties": None}
    assert kim.remarks == ["payload_too_large"]


def test_of_more_that_wait_than_are_kept_the_last_in_rank_ends() -> None:
    messages = "low: {on: {event: Low}, channel: on-site}, high: {on: {event: High}, channel: on-site, priority: 1}"
    kim = Visitor(engine(f"consent: {{unknown: granted}}, arbitration: 1h, messages: {{{messages}}}"))
    for number in range(WAITING):
        assert told(kim.track("High" if number else "Low", T + number)) == []
    assert told(kim.track("High", T + WAITING)) == ["low: lower_priority"]
    assert told(kim.track("Low", T + WAITING + 1)) == ["low: lower_priority"]
    assert kim.remarks == ["message_limit"] * 2
    ended = told(kim.wait(T + HOUR))
    assert sorted(ended) == ["high", *["high: lower_priority"] * (WAITING - 1)]
    assert kim.wait(T + HOUR + FORGOTTEN) == []
    assert kim.shopper.messages is None


def test_full_ties_go_to_the_smaller_id() -> None:
    messages = ", ".join(f"m{number}: {{on: {{event: Ask}}, channel: on-site}}" for number in range(5))
    decisions = Visitor(engine(f"{GRANTED}, messages: {{{messages}}}")).track("Ask")
    (sent,) = [one for one in decisions if one.topic == "messages"]
    plans = engine(f"{GRANTED}, messages: {{{messages}}}").plan.messaging
    assert plans is not None
    alone = [
        Visitor(engine(f"{GRANTED}, messages: {{{one.name}: {{on: {{event: Ask}}, channel: on-site}}}}")).track("Ask")[
            0
        ]
        for one in plans.messages
    ]
    assert sent.id == min(one.id for one in alone)


def test_a_record_without_anything_left_of_messages_is_as_one_that_never_had_any() -> None:
    kim, other = (Visitor(engine(f"{GRANTED}, messages: {{{NOTE}}}")) for _ in range(2))
    kim.track("Ask")
    other.track("Ask")
    kim.wait(T + FORGOTTEN - 1)
    assert kim.shopper.messages is not None
    for one in (kim, other):
        one.wait(T + FORGOTTEN)
    assert kim.shopper.messages is None
    assert kim.shopper.due == 0
    assert CODEC.encode(kim.shopper) == CODEC.encode(other.shopper)


def variants_of(weights: str, shoppers: list[Visitor], at: int) -> list[str]:
    decides = engine(f"{GRANTED}, messages: {{note: {{on: {{event: Ask}}, channel: on-site, variants: {weights}}}}}")
    found = []
    for one in shoppers:
        one.decides = decides
        (message,) = [each for each in one.track("Ask", at) if each.topic == "messages"]
        found.append(message.fields["variant"])
    return found


def test_other_weights_move_only_those_who_have_seen_no_variant() -> None:
    decides = engine(GRANTED)
    known = [Visitor(decides, f"known{number}") for number in range(1_000)]
    before = variants_of("{a: 50, b: 50}", known, T)
    assert 450 < before.count("a") < 550
    assert variants_of("{a: 0, b: 100}", known, T + 1) == before
    assert set(variants_of("{a: 0, b: 100}", [Visitor(decides, f"new{number}") for number in range(100)], T)) == {"b"}
    # A variant that is gone has to be drawn anew.
    assert set(variants_of("{c: 100}", known, T + 2)) == {"c"}


def test_the_holdout_is_drawn_once_and_anew_with_another_salt() -> None:
    def held(percent: str, salt: str, shoppers: list[Visitor], at: int) -> list[bool]:
        decides = engine(f"{GRANTED}, holdout: {{percent: {percent}, salt: {salt}}}, messages: {{{NOTE}}}")
        for one in shoppers:
            one.decides = decides
        return ["note: holdout" in told(one.track("Ask", at)) for one in shoppers]

    shoppers = [Visitor(engine(GRANTED), f"s{number}") for number in range(1_000)]
    first = held("20", "q1", shoppers, T)
    assert 150 < sum(first) < 250
    assert held("50", "q1", shoppers, T + 1) == first
    second = held("20", "q2", shoppers, T + 2)
    assert 150 < sum(second) < 250
    assert 10 < sum(one and other for one, other in zip(first, second, strict=True)) < 80


def test_a_message_that_is_taken_out_ends_what_waits_for_it_silently() -> None:
    kim = Visitor(engine(f"consent: {{unknown: granted}}, messages: {{{NOTE}}}"))
    kim.track("Ask")
    kim.decides = engine("consent: {unknown: granted}")
    (ended,) = kim.wait(T + DAY)
    assert (ended.fields["reason"], ended.silent, ended.cause_kind) == ("exclusion", True, "definition_change")
    assert (ended.definition, ended.effective_at) == ("removed", T)
    assert kim.shopper.messages is None


def test_what_a_changed_topology_says_asks_for_no_message() -> None:
    messages = "hello: {on: {segment: new, change: entered}, channel: on-site}"
    kim = Visitor(engine(f"{GRANTED}, messages: {{{messages}}}", "segments: {new: {when: {orders: {at_least: 1}}}}\n"))
    kim.track("Product Viewed")
    rules = "segments: {new: {when: {orders: {at_most: 1}}}}\n"
    kim.decides = engine(f"{GRANTED}, messages: {{{messages}}}", rules)
    (entered,) = kim.track("Product Viewed", T + 1)
    assert (entered.topic, entered.silent) == ("segment-changes", True)


def test_a_candidate_waits_on_under_a_topology_that_changes_other_things() -> None:
    kim = Visitor(engine(f"consent: {{unknown: granted}}, messages: {{{NOTE}}}"))
    kim.track("Ask")
    kim.decides = engine(f"consent: {{unknown: granted}}, arbitration: 5s, messages: {{{NOTE}}}")
    (message,) = kim.wait(T + DAY)
    assert (message.topic, message.effective_at, message.silent) == ("messages", T + MINUTE, False)


def test_who_waits_for_the_morning_goes_at_an_instant_of_their_own() -> None:
    spread = "quiet_hours: {from: '21:00', to: '08:00', spread: 30m}"
    decides = engine(f"{GRANTED}, {spread}, messages: {{{NOTE}}}")
    instants = set()
    for number in range(200):
        one = Visitor(decides, f"s{number}")
        (notice,) = one.track("Ask", T + 22 * HOUR)
        (message,) = one.wait(T + 2 * DAY)
        assert message.effective_at == notice.fields["until"]
        instants.add(message.effective_at)
    assert len(instants) > 190
    assert all(T + 32 * HOUR <= instant < T + 32 * HOUR + 30 * MINUTE for instant in instants)


def test_ids_tell_notices_and_ends_apart() -> None:
    caps = "caps: [{channel: on-site, at_most: 1, per: 4h, over: defer}]"
    kim = Visitor(engine(f"{GRANTED}, {caps}, quiet_hours: {{from: '21:00', to: '08:00'}}, messages: {{{NOTE}}}"))
    decisions = [*kim.track("Ask", T + 20 * HOUR), *kim.track("Ask", T + 21 * HOUR), *kim.wait(T + 3 * DAY)]
    assert told(decisions) == ["note", "note: cap ..", "note: quiet_hours ..", "note"]
    assert len({one.id for one in decisions}) == 4
    assert [one.type for one in decisions] == ["message.decided", *["message.deferred"] * 2, "message.decided"]
