"""Changes of segments, computed traits and the stage as calls of Segment's spec."""

import json
from typing import Any

import jsonschema
import pytest

from pipeline.domain.decision import DECISION_TOPICS
from pipeline.domain.shopper import Shopper, TraitValue
from schemas.contract import HERE
from schemas.rendering import encode_json
from schemas.segment_call import CallRenderer, Render
from tests.unit.schemas.sample import decision

SCHEMA = json.loads((HERE / "segment-calls.schema.json").read_text(encoding="utf-8"))
KIM = Shopper(
    anonymous=False, traits={"email": TraitValue("kim@example.org", 0, "m"), "phone": TraitValue(None, 0, "m")}
)


def calls(
    render: Render = "both", shopper: Shopper = KIM, traits: tuple[str, ...] = (), silent: bool = False, **fields: Any
) -> list[dict[str, Any]]:
    given = decision("segment-changes", **fields)
    given.silent = silent
    return [json.loads(value) for value, _ in CallRenderer("shop", render, traits).render(given, shopper)]


def test_an_entry_is_an_event_and_a_trait() -> None:
    track, identify = calls()
    given = decision("segment-changes")
    common = {
        "userId": given.shopper,
        "timestamp": "2026-01-03T12:00:00.000Z",
        "receivedAt": "2026-01-03T12:00:00.000Z",
        "channel": "server",
        "integrations": {"All": True},
        "context": {
            "library": {"name": "afterclick", "version": "1"},
            "personas": {
                "computation_class": "audience",
                "computation_id": "shop.engaged",
                "computation_key": "engaged",
                "namespace": "shop",
                "space_id": "shop",
            },
            "afterclick": {"decision": given.id, "definition": given.definition, "sequence": 1, "silent": False},
        },
    }
    assert track == common | {
        "type": "track",
        "event": "Audience Entered",
        "messageId": f"afterclick-track-{given.id}",
        "properties": {"audience_key": "engaged", "engaged": True},
    }
    assert identify == common | {
        "type": "identify",
        "messageId": f"afterclick-identify-{given.id}",
        "traits": {"engaged": True},
    }


def test_an_exit_is_the_other_event_and_the_trait_is_false() -> None:
    track, identify = calls(change="exited")
    assert (track["event"], track["properties"]) == ("Audience Exited", {"audience_key": "engaged", "engaged": False})
    assert identify["traits"] == {"engaged": False}


@pytest.mark.parametrize("kind", ["track", "identify"])
def test_only_what_is_asked_for_is_rendered(kind: Render) -> None:
    assert [call["type"] for call in calls(kind)] == [kind]


def test_a_silent_change_starts_nothing_but_the_trait_is_right() -> None:
    (only,) = calls(silent=True, change="exited")
    assert (only["type"], only["traits"]) == ("identify", {"engaged": False})
    assert only["context"]["afterclick"]["silent"] is True
    assert calls("track", silent=True) == []


@pytest.mark.parametrize(("anonymous", "name"), [(True, "anonymousId"), (False, "userId"), (None, "userId")])
def test_an_anonymous_shopper_has_an_anonymous_id(anonymous: bool | None, name: str) -> None:
    for call in calls(shopper=Shopper(anonymous=anonymous)):
        assert call.keys() & {"userId", "anonymousId"} == {name}
        assert call[name] == decision("segment-changes").shopper


def test_named_traits_go_along_where_each_kind_has_them_and_others_do_not() -> None:
    track, identify = calls(traits=("email", "phone", "city"))
    assert track["context"]["traits"] == {"email": "kim@example.org"}
    assert identify["traits"] == {"email": "kim@example.org", "engaged": True}
    assert "kim@example.org" not in str(calls())


@pytest.mark.parametrize(
    ("value", "goes"),
    [
        ("x" * 500, True),
        ("x" * 501, False),
        ("", True),
        (7, True),
        (0.5, True),
        (False, True),
        (["x"], False),
        ({}, False),
    ],
    ids=lambda value: str(value)[:5],
)
def test_a_trait_goes_along_if_it_is_short_and_plain(value: Any, goes: bool) -> None:
    track, identify = calls(shopper=Shopper(traits={"vip": TraitValue(value, 0, "m")}), traits=("vip",))
    assert identify["traits"] == ({"vip": value} if goes else {}) | {"engaged": True}
    assert track["context"].get("traits") == ({"vip": value} if goes else None)


def trait_calls(topic: str, render: Render = "both", silent: bool = False, **fields: Any) -> list[dict[str, Any]]:
    given = decision(topic, **fields)
    given.silent = silent
    found = [json.loads(value) for value, _ in CallRenderer("shop", render).render(given, KIM)]
    for call in found:
        jsonschema.validate(call, SCHEMA)
    return found


@pytest.mark.parametrize(
    ("after", "value"),
    [
        ({"amount": 2590, "currency": "EUR"}, 25.9),
        ({"amount": 2590, "currency": "JPY"}, 2590),
        ({"amount": 0, "currency": "EUR"}, 0),
        ("Shoes", "Shoes"),
        (3, 3),
        (0.5, 0.5),
        (True, True),
        (None, None),
    ],
    ids=str,
)
def test_a_computed_trait_is_an_event_and_a_trait_of_its_value(after: Any, value: Any) -> None:
    track, identify = trait_calls("trait-changes", after=after)
    assert (track["event"], track["properties"]) == (
        "Trait Computed",
        {"trait_key": "lifetime_value", "lifetime_value": value},
    )
    assert identify["traits"] == {"lifetime_value": value}
    for call in (track, identify):
        assert call["context"]["personas"] == {
            "computation_class": "trait",
            "computation_id": "shop.lifetime_value",
            "computation_key": "lifetime_value",
            "namespace": "shop",
            "space_id": "shop",
        }


@pytest.mark.parametrize("to", ["at_risk", None])
def test_the_stage_of_the_journey_is_a_trait(to: str | None) -> None:
    track, identify = trait_calls("journey-changes", to=to)
    assert track["properties"] == {"trait_key": "journey_stage", "journey_stage": to}
    assert identify["traits"] == {"journey_stage": to}
    assert identify["context"]["afterclick"]["sequence"] == 2


@pytest.mark.parametrize("topic", ["trait-changes", "journey-changes"])
def test_a_silent_change_of_a_trait_or_a_stage_starts_nothing(topic: str) -> None:
    assert [call["type"] for call in trait_calls(topic, silent=True)] == ["identify"]
    assert trait_calls(topic, "track", silent=True) == []


RENDERED = ("segment-changes", "trait-changes", "journey-changes")


@pytest.mark.parametrize("topic", [topic for topic in DECISION_TOPICS if topic not in RENDERED])
def test_other_decisions_come_to_no_call(topic: str) -> None:
    assert CallRenderer("shop", "both").render(decision(topic), KIM) == ()


@pytest.mark.parametrize("shopper", [KIM, Shopper(anonymous=True)])
@pytest.mark.parametrize("change", ["entered", "exited"])
def test_calls_pass_the_published_schema(shopper: Shopper, change: str) -> None:
    for call in calls(shopper=shopper, traits=("email",), change=change):
        jsonschema.validate(call, SCHEMA)


@pytest.mark.parametrize(
    "wrong",
    [
        {"userId": None},
        {"anonymousId": "a"},
        {"event": "Audience Left"},
        {"properties": {"audience_key": "engaged"}},
        {"properties": {"audience_key": "engaged", "engaged": "true"}},
        {"event": "Trait Computed"},
        {"messageId": "m" * 101},
        {"timestamp": "2026-01-03 10:00:00"},
    ],
    ids=str,
)
def test_the_schema_refuses_what_destinations_would_not_take(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(calls("track")[0] | wrong, SCHEMA)


def test_values_are_bytes_of_sorted_keys_and_headers_tell_the_call_from_the_decision() -> None:
    given = decision("segment-changes")
    for (value, headers), call in zip(CallRenderer("shop", "both").render(given, KIM), calls(), strict=True):
        assert value == encode_json(call)
        assert dict(headers) == {
            "ce_specversion": b"1.0",
            "ce_source": b"/afterclick/shop",
            "ce_id": call["messageId"].encode(),
            "ce_type": f"afterclick.call.{call['type']}".encode(),
            "ce_time": b"2026-01-03T12:00:00.000Z",
            "ce_subject": given.shopper.encode(),
            "content-type": b"application/json",
        }
