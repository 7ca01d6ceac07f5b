"""What intake reads out of a call's context for conditions to ask for."""

import json
from typing import Any

import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import decode_object
from pipeline.domain.intake_definition import CAMPAIGN, COUNTRY, DEVICE, REFERRER, IntakeDefinition
from tests.support.client_call import event, track

ALL = frozenset({CAMPAIGN, COUNTRY, DEVICE, REFERRER})
URL = "https://shop.example/p/31?utm_source=news&utm_medium=email&utm_campaign=jan&gclid=1#utm_term=no"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148"


def plan(*names: str) -> Plan:
    return Plan(name="shop", digest="00000001", intake=IntakeDefinition(frozenset(names)))


def found(context: dict[str, Any], properties: dict[str, Any] | None = None, *names: str, **over: Any) -> Any:
    call = track(context=context, properties=properties, **over)
    return decode_object(event(call, plan=plan(*(names or ALL))).properties).get("context")


@pytest.mark.parametrize(
    "context, properties, campaign",
    [
        ({"page": {"url": URL}}, {}, {"source": "news", "medium": "email", "name": "jan"}),
        ({"page": {"search": "?utm_source=a"}}, {}, {"source": "a"}),
        ({}, {"url": URL}, {"source": "news", "medium": "email", "name": "jan"}),
        ({"campaign": {"name": "own"}, "page": {"url": URL}}, {}, {"name": "own"}),
        ({"campaign": {}, "page": {"url": URL}}, {}, {"source": "news", "medium": "email", "name": "jan"}),
        ({"campaign": "jan", "page": {"url": "https://s/?utm_source=a&utm_source=b"}}, {}, {"source": "b"}),
        ({"campaign": {"name": "own", "id": 7, "term": "x" * 513}}, {}, {"name": "own"}),
        ({"page": {"url": "https://s/?utm_source=caf%C3%A9+bar&utm_=x"}}, {}, {"source": "café bar"}),
        ({"page": {"url": "https://s/?" + "a&" * 600 + "utm_source=a"}}, {}, None),
        ({"page": {"url": "https://s/?q=utm_source"}}, {}, None),
        ({"page": {"url": 7}}, {"url": ["utm_source=a"]}, None),
        ({}, {}, None),
    ],
)
def test_the_campaign(context: dict[str, Any], properties: dict[str, Any], campaign: dict[str, str] | None) -> None:
    said = found(context, properties, CAMPAIGN)
    assert said == (None if campaign is None else {"campaign": campaign})


@pytest.mark.parametrize(
    "context, properties, kind",
    [
        ({"page": {"url": URL, "referrer": "https://t.co/x"}}, {}, "social"),
        ({"page": {"url": URL, "referrer": ""}}, {}, "direct"),
        ({"page": {"url": URL, "referrer": None}}, {}, "direct"),
        ({}, {"url": URL, "referrer": "https://shop.example/"}, "internal"),
        ({"page": {"url": URL}}, {}, None),
        ({}, {}, None),
    ],
)
def test_the_referrer(context: dict[str, Any], properties: dict[str, Any], kind: str | None) -> None:
    assert found(context, properties, REFERRER) == (None if kind is None else {"referrer": {"class": kind}})


@pytest.mark.parametrize(
    "location, country",
    [
        ({"country": "DE"}, "DE"),
        ({"country": " de "}, "DE"),
        ({"country": "Germany"}, None),
        ({"country": "XX"}, None),
        ({"country": "T1"}, None),
        ({"country": "ÄÖ"}, None),
        ({"country": 7}, None),
        ("DE", None),
    ],
)
def test_the_country(location: Any, country: str | None) -> None:
    said = found({"location": location}, {}, COUNTRY)
    assert said == (None if country is None else {"location": {"country": country}})


def test_the_device() -> None:
    assert found({"userAgent": IPHONE}, {}, DEVICE) == {"device": {"class": "phone"}}


def test_all_of_them_beside_the_properties() -> None:
    context = {"userAgent": IPHONE, "location": {"country": "AT"}, "page": {"url": URL, "referrer": ""}}
    said = event(track(context=context, properties={"b": 1, "a": [1.5, "é"]}), plan=plan(*ALL))
    assert decode_object(said.properties) == {
        "a": [1.5, "é"],
        "b": 1,
        "context": {
            "campaign": {"source": "news", "medium": "email", "name": "jan"},
            "device": {"class": "phone"},
            "location": {"country": "AT"},
            "referrer": {"class": "direct"},
        },
    }


@pytest.mark.parametrize("own", [{"device": {"class": "mine", "id": 1}, "x": 2}, "text", None, [1]])
def test_a_property_of_that_name_gives_way(own: Any) -> None:
    said = found({"userAgent": IPHONE}, {"context": own}, DEVICE)
    kept = {"x": 2} if isinstance(own, dict) else {}
    assert said == {**kept, "device": {"class": "phone", **({"id": 1} if kept else {})}}


def test_a_text_that_looks_like_that_name_is_no_property() -> None:
    said = event(track(context={"userAgent": IPHONE}, properties={"a": '"context"'}), plan=plan(DEVICE))
    assert decode_object(said.properties) == {"a": '"context"', "context": {"device": {"class": "phone"}}}


@pytest.mark.parametrize("kind", ["identify", "group", "alias"])
def test_calls_that_are_no_behaviour_have_none(kind: str) -> None:
    assert found({"userAgent": IPHONE}, {}, type=kind) is None


@pytest.mark.parametrize("kind", ["page", "screen"])
def test_pages_and_screens_have_them(kind: str) -> None:
    assert found({"userAgent": IPHONE}, {}, DEVICE, type=kind) == {"device": {"class": "phone"}}


def test_of_a_batch_the_context_of_its_envelope_counts() -> None:
    batch = {"context": {"userAgent": IPHONE, "location": {"country": "DE"}}, "batch": [track(context=None)]}
    (said,) = [event(json.dumps(batch).encode(), plan=plan(*ALL))]
    assert decode_object(said.properties)["context"] == {"device": {"class": "phone"}, "location": {"country": "DE"}}


def test_two_copies_of_a_call_stay_the_same_whatever_is_added() -> None:
    call = track(context={"userAgent": IPHONE, "page": {"url": URL}}, properties={"a": 1})
    assert event(call).body == event(call, plan=plan(*ALL)).body


def test_nothing_is_added_where_nothing_is_asked_for() -> None:
    call = track(context={"userAgent": IPHONE, "page": {"url": URL}}, properties={"a": 1})
    assert bytes(event(call).properties) == b'{"a":1}'
    assert bytes(event(call, plan=plan(COUNTRY)).properties) == b'{"a":1}'
