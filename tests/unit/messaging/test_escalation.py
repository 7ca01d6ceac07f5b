"""Escalations, offers, and payloads of single shoppers: what the scenarios cannot show, state, limits, other plans."""

import json
from typing import Any

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.decision import Decision
from pipeline.domain.event import Event
from pipeline.domain.messaging.arbiter import WAITING
from pipeline.domain.value.instant import DAY, HOUR, MINUTE
from tests.unit.messaging.test_arbiter import CODEC, T, Visitor, engine

GRANTED = "consent: {unknown: granted}, arbitration: 0s"
NOTE = "note: {on: {event: Ask}, escalate: [on-site, email after 2h, sms after 1d]}"


def sent(decisions: list[Decision]) -> list[str]:
    """`message by channel`, with the reason behind what was not sent."""
    return [
        f"{one.fields['message']} by {one.fields['channel']}"
        + (f": {one.fields['reason']}" if "reason" in one.fields else "")
        for one in decisions
        if one.topic in ("messages", "message-suppressions")
    ]


def identify(visitor: Visitor, at: int = T, **traits: Any) -> None:
    shopper = CODEC.decode(CODEC.encode(visitor.shopper))
    raw = msgspec.Raw(json.dumps(traits).encode())
    visitor.decides.decide(shopper, Event("identify", "identify", visitor.name, at, at, f"i{at}", traits=raw), at)
    visitor.shopper = shopper


def test_each_step_has_an_id_of_its_own_and_the_trigger_of_the_first() -> None:
    kim = Visitor(engine(f"{GRANTED}, messages: {{{NOTE}}}"))
    identify(kim, email="kim@example.com", phone="0301234567")
    lines = [*kim.track("Ask", T + 1), *kim.wait(T + 3 * DAY)]
    assert sent(lines) == ["note by on-site", "note by email", "note by sms"]
    assert [one.fields["step"] for one in lines] == [1, 2, 3]
    assert {one.fields["trigger"] for one in lines} == {"m1"}
    assert len({one.id for one in lines}) == 3


def test_a_message_without_steps_keeps_none_in_its_candidate() -> None:
    kim = Visitor(engine("consent: {unknown: granted}, messages: {note: {on: {event: Ask}, channel: on-site}}"))
    kim.track("Ask")
    assert kim.shopper.correspondence().candidates[0].escalation is None


def test_nothing_of_an_escalation_is_kept_when_it_is_over() -> None:
    kim = Visitor(engine(f"{GRANTED}, messages: {{{NOTE}}}"))
    (first,) = kim.track("Ask")
    assert len(kim.shopper.correspondence().candidates) == 1
    kim.track("Message Opened", T + 1, message_id=first.id)
    assert kim.shopper.correspondence().candidates == []
    assert sent(kim.wait(T + 9 * DAY)) == []
    assert kim.shopper.messages is None


def test_feedback_on_what_was_never_sent_ends_nothing() -> None:
    kim = Visitor(engine(f"{GRANTED}, messages: {{{NOTE}}}"))
    kim.track("Ask")
    for message_id in ("0" * 32, "nonsense", "", 5, None):
        kim.track("Message Opened", T + 1, message_id=message_id)
        kim.track("Message Failed", T + 1, message_id=message_id)
    assert kim.remarks == ["unknown_message"] * 10
    assert sent(kim.wait(T + 2 * HOUR)) == ["note by email: unreachable", "note by sms: unreachable"]


def test_waiting_for_an_opening_ends_without_a_line_when_there_are_too_many() -> None:
    kim = Visitor(engine(f"{GRANTED}, messages: {{{NOTE}}}"))
    for number in range(WAITING + 1):
        assert sent(kim.track("Ask", T + number)) == ["note by on-site"]
    assert len(kim.shopper.correspondence().candidates) <= WAITING


def test_under_a_plan_without_its_next_channel_it_goes_on_to_none() -> None:
    kim = Visitor(engine(f"{GRANTED}, messages: {{{NOTE}}}"))
    kim.track("Ask")
    kim.decides = engine(f"{GRANTED}, messages: {{note: {{on: {{event: Ask}}, channel: on-site}}}}")
    assert sent(kim.wait(T + 3 * DAY)) == []


def test_what_asked_on_a_channel_that_is_gone_ends_silently() -> None:
    kim = Visitor(engine(f"consent: {{unknown: granted}}, messages: {{{NOTE}}}"))
    kim.track("Ask")
    kim.wait(T + MINUTE + 2 * HOUR)
    kim.decides = engine(f"{GRANTED}, messages: {{note: {{on: {{event: Ask}}, channel: on-site}}}}")
    (line,) = [one for one in kim.wait(T + 3 * DAY) if one.topic == "message-suppressions"]
    assert (line.silent, line.fields["channel"], line.fields["step"], line.fields["reason"]) == (
        True,
        None,
        2,
        "exclusion",
    )


def test_own_hours_spread_what_waited_and_never_beyond_quiet_hours() -> None:
    hours = "send: {earliest: '02:00', latest: '10:00', spread: 1h}"
    shop = f"{GRANTED}, messages: {{note: {{on: {{event: Ask}}, channel: on-site, {hours}}}}}"
    instants = set()
    for name in ("ann", "bob", "cem", "dan"):
        kim = Visitor(engine(shop), name)
        assert sent(kim.track("Ask")) == ["note by on-site: quiet_hours"]
        (line,) = kim.wait(T + DAY)
        instants.add(line.effective_at - T)
    assert len(instants) == 4 and all(2 * HOUR <= one < 3 * HOUR for one in instants)
    narrow = "quiet_hours: {from: '02:00', to: '01:00'}, "
    kim = Visitor(engine(narrow + shop.replace("02:00', latest", "01:30', latest")))
    kim.track("Ask")
    (line,) = kim.wait(T + DAY)
    assert line.effective_at == T + 90 * MINUTE


def test_the_recipient_is_who_may_be_written_to_now() -> None:
    shop = "timezone: Europe/Berlin"
    decides = engine(f"{GRANTED}, messages: {{note: {{on: {{event: Ask}}, channel: email}}}}", f"shop: {{{shop}}}\n")
    kim = Visitor(decides)
    identify(kim, email=" kim@example.com ", locale="de-AT")
    (line,) = kim.track("Ask", T + 1)
    assert line.fields["recipient"] == {
        "addresses": ["kim@example.com"],
        "locale": "de-AT",
        "timezone": "Europe/Berlin",
    }
    assert (line.fields["discount"], line.fields["campaign"]) == (None, "note")


def test_a_reference_tells_and_keeps_no_personal_data() -> None:
    shop = "consent: {unknown: granted}, payload: reference, messages: {note: {on: {event: Ask}, channel: email}}"
    kim = Visitor(Engine(engine(shop).plan))
    identify(kim, email="kim@example.com")
    kim.track("Ask", T + 1, who="Kim")
    assert b"Kim" not in CODEC.encode(kim.shopper)
    (line,) = kim.wait(T + 2 * MINUTE)
    assert line.fields["recipient"] is None
    assert line.fields["payload"]["event"] == {"name": "Ask", "properties": None}
