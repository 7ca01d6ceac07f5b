"""Consent, as whoever sends messages asks for it."""

from typing import Any

import msgspec
import pytest

from pipeline.config.record_bound import record_bound
from pipeline.config.topology import parse
from pipeline.domain.consent_definition import ConsentDefinition
from pipeline.domain.decide import Engine
from pipeline.domain.decision import CONSENT_CHANGES
from pipeline.domain.event import Event
from pipeline.domain.messaging.consent import Consent
from pipeline.domain.messaging.word import DEVICES, LIMIT
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import DamagedRecord, Shopper
from pipeline.state.record import RecordCodec

T = 1_767_434_400_000
ENGINE = Engine(parse("version: 1\nname: shop\nmessaging: {}", {}).plan())


class Person:
    """One shopper, to whom things happen a second apart."""

    def __init__(self) -> None:
        self.shopper = Shopper()
        self.now = T

    def does(self, name: str, at: int = 0, device: str = "", **properties: Any) -> Outcome:
        """at: event time, ms; 0 = now."""
        self.now += 1_000
        kind = "identify" if name == "identify" else "track"
        told = msgspec.Raw(msgspec.json.encode(properties))
        event = Event(kind, name, "kim", at or self.now, self.now, f"m{self.now}", device=device)
        event = msgspec.structs.replace(event, **{"traits" if kind == "identify" else "properties": told})
        return ENGINE.decide(self.shopper, event, self.now)

    def consent(self, unknown: str = "denied") -> Consent:
        return Consent(self.shopper, ConsentDefinition(unknown))


@pytest.fixture
def person() -> Person:
    return Person()


def test_nothing_said_is_unknown_and_no_leave_but_for_what_was_bought(person: Person) -> None:
    consent = person.consent()
    assert consent.of("email", "marketing") == "unknown"
    assert not consent.allows("email", "marketing")
    assert consent.allows("email", "transactional")
    assert person.consent("granted").allows("email", "marketing")


def test_who_never_spoke_of_consent_has_nothing_of_it_in_the_record(person: Person) -> None:
    person.does("Product Viewed", product_id="p1")
    assert person.shopper.consent is None


def test_addresses_are_those_of_the_profile_that_may_be_written_to(person: Person) -> None:
    person.does("identify", email="Kim@Shop.example", phone=49151)
    person.does("Consent Changed", channel="email", status="granted", address="kim@shop.example")
    person.does("Consent Changed", channel="sms", status="denied")
    consent = person.consent()
    assert consent.addresses("email") == ("Kim@Shop.example",)
    assert consent.addresses("sms") == ()
    assert consent.addresses("sms", "transactional") == ("49151",)
    assert consent.addresses("onsite") == ()
    assert consent.of("email", "marketing", "other@shop.example") == "unknown"


def test_a_hard_bounce_bars_what_was_bought_too_until_the_address_is_given_again(person: Person) -> None:
    person.does("identify", email="kim@shop.example")
    person.does("Email Bounced", bounce_type="hard", email="kim@shop.example")
    assert not person.consent().allows("email", "transactional")
    person.does("Consent Changed", channel="email", status="granted", purpose="transactional")
    assert person.consent().allows("email", "transactional")
    assert not person.consent().allows("email", "marketing")


def test_fewer_messages_are_leave_and_a_wish(person: Person) -> None:
    person.does("Consent Changed", channel="email", status="reduced")
    consent = person.consent()
    assert (consent.of("email", "marketing"), consent.reduced("email")) == ("granted", True)
    assert not consent.reduced("sms")


def test_each_device_is_an_address(person: Person) -> None:
    for number in range(DEVICES + 2):
        person.does("App Opened", device=f"t{number}")
    person.does("Consent Changed", channel="push", status="granted")
    person.does("Push Unsubscribed", token="t11")
    assert person.consent().addresses("push") == tuple(f"t{number}" for number in range(10, 1, -1))
    assert person.consent().allows("push")


def test_beyond_the_bound_the_oldest_grant_goes_and_no_denial(person: Person) -> None:
    person.does("Email Unsubscribed", address="first@shop.example")
    said = [
        person.does("Consent Changed", channel="email", status="granted", address=f"{number}@shop.example")
        for number in range(LIMIT)
    ]
    assert [outcome.remarks for outcome in said] == [[]] * (LIMIT - 1) + [["consent_limit"]]
    consent = person.consent()
    assert consent.of("email", "marketing", "first@shop.example") == "denied"
    assert consent.of("email", "marketing", "0@shop.example") == "unknown"
    assert consent.of("email", "marketing", f"{LIMIT - 1}@shop.example") == "granted"


def test_a_grant_that_finds_no_room_among_denials_is_not_told(person: Person) -> None:
    for number in range(LIMIT):
        person.does("Email Unsubscribed", address=f"{number}@shop.example")
    outcome = person.does("Consent Changed", channel="email", status="granted", address="new@shop.example")
    assert outcome.remarks == ["consent_limit"]
    assert outcome.decisions == []
    assert person.consent().of("email", "marketing", "0@shop.example") == "denied"


@pytest.mark.parametrize(
    "properties",
    [
        {"status": "granted"},
        {"channel": "email"},
        {"channel": "email", "status": 1},
        {"channel": 5, "status": "granted"},
        {"channel": "email", "status": "granted", "purpose": ""},
        {"channel": "email", "status": "granted", "purpose": "x" * 65},
        {"channel": "email", "status": "granted", "address": ["a"]},
        {"channel": "email", "status": "granted", "address": True},
    ],
)
def test_what_cannot_be_read_is_counted_and_says_nothing(person: Person, properties: dict[str, Any]) -> None:
    outcome = person.does("Consent Changed", **properties)
    assert outcome.remarks == ["consent_unreadable"]
    assert person.shopper.consent is None


def test_no_address_is_in_a_decision_or_in_the_record(person: Person) -> None:
    outcome = person.does("Email Unsubscribed", address="secret@shop.example")
    assert [decision.topic for decision in outcome.decisions] == [CONSENT_CHANGES]
    assert "secret" not in str(outcome)
    assert b"secret" not in RecordCodec().encode(person.shopper)


def test_the_order_in_which_words_arrive_leaves_no_trace_but_in_what_was_told() -> None:
    said = [("granted", 5), ("denied", 5), ("reduced", 5), ("granted", 4), ("denied", 3)]
    ends = []
    for order in (said, said[::-1]):
        person = Person()
        for status, at in order:
            person.does("Consent Changed", at=T + at, channel="email", status=status)
            person.does("Consent Changed", at=T + at, channel="sms", status=status, address=f"+{at}")
        words = person.shopper.words
        assert words is not None
        ends.append(words.words)
    assert ends[0] == ends[1]


def test_a_damaged_slice_is_a_damaged_record() -> None:
    read = RecordCodec().decode(RecordCodec().encode(Shopper()))
    read.consent = msgspec.Raw(msgspec.msgpack.encode(["x"]))
    with pytest.raises(DamagedRecord):
        Consent(read)


def test_a_full_book_is_no_longer_than_check_states(person: Person) -> None:
    wide = "\U0001f6d2"
    for number in range(LIMIT):
        purpose, token = f"{number:03}{wide * 61}", f"{number:03}{wide * 1_021}"
        said = {"channel": wide * 64, "purpose": purpose, "status": "granted", "address": f"{number}"}
        person.does("Consent Changed", device=token, **said)
    size = len(msgspec.msgpack.encode(person.shopper.consent))
    assert 60_000 < size <= record_bound(ENGINE.plan).parts["consent"]
