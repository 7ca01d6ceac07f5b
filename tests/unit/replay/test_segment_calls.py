"""Replay writes changes of segments, stage and traits as calls, too, where the topology asks for them."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.config.topology import parse
from pipeline.domain.event import Event, decode_object
from pipeline.domain.intake.intake import Intake
from schemas.segment_call import CallRenderer
from tests.support.replaying import TOPOLOGY, call, files, lines, ms, plan, replay, write

VIEW = "Product Viewed"
RENDERER = CallRenderer("shop", "both")


def at(clock: str) -> str:
    return f"2026-01-03T{clock}:00Z"


def anonymous(shopper: str, time: str) -> dict[str, Any]:
    body = call(shopper, VIEW, time)
    body["anonymousId"] = body.pop("userId")
    return body


def engaged(tmp_path: Path) -> Path:
    """Ann, who is known, and a visitor who is not, view twice."""
    return write(
        tmp_path / "in.ndjson",
        call("ann", VIEW, at("10:00")),
        anonymous("a-7f1c", at("10:01")),
        call("ann", VIEW, at("10:30")),
        anonymous("a-7f1c", at("10:31")),
    )


def told(folder: Path, key: str = "engaged") -> list[tuple[str, str, str, Any]]:
    """Of the calls about that trait: instant, type, shopper under the kind of its id, and the trait's value."""
    return [
        (
            one["timestamp"][11:16],
            one["type"],
            f"user {one['userId']}" if "userId" in one else f"anonymous {one['anonymousId']}",
            one.get("traits", one.get("properties"))[key],
        )
        for one in lines(folder, "segment-calls")
        if one["context"]["personas"]["computation_key"] == key
    ]


def test_each_change_is_two_calls_at_its_instant_under_the_right_kind_of_id(tmp_path: Path) -> None:
    summary = replay(tmp_path / "out", engaged(tmp_path), until=ms(at("12:00")), renderer=RENDERER)
    assert told(tmp_path / "out") == [
        ("10:30", "track", "user ann", True),
        ("10:30", "identify", "user ann", True),
        ("10:31", "track", "anonymous a-7f1c", True),
        ("10:31", "identify", "anonymous a-7f1c", True),
        ("11:00", "track", "user ann", False),
        ("11:00", "identify", "user ann", False),
        ("11:01", "track", "anonymous a-7f1c", False),
        ("11:01", "identify", "anonymous a-7f1c", False),
    ]
    # the other four tell the stage of each
    assert (summary.calls, summary.decisions["segment-changes"], summary.decisions["journey-changes"]) == (12, 4, 2)


def test_a_trait_and_a_stage_are_told_as_their_values(tmp_path: Path) -> None:
    source = write(tmp_path / "in.ndjson", call("ann", "Order Completed", at("10:00"), order_id="o1", total=25.9))
    replay(tmp_path / "out", source, until=ms("2026-02-03T00:00:00Z"), renderer=RENDERER)
    assert told(tmp_path / "out", "value") == [
        ("10:00", "track", "user ann", 25.9),
        ("10:00", "identify", "user ann", 25.9),
        ("10:00", "track", "user ann", 0),
        ("10:00", "identify", "user ann", 0),
    ]
    assert [value for _, kind, _, value in told(tmp_path / "out", "journey_stage") if kind == "identify"] == [
        "buyer",
        "visitor",
    ]


def test_without_being_asked_for_there_is_no_file_and_the_others_are_the_same(tmp_path: Path) -> None:
    source = engaged(tmp_path)
    replay(tmp_path / "off", source, profiles=True)
    replay(tmp_path / "on", source, profiles=True, renderer=RENDERER)
    on = files(tmp_path / "on")
    assert on.pop("segment-calls.ndjson")
    assert on == files(tmp_path / "off")


@pytest.mark.parametrize("partitions", [2, 5])
def test_partitions_change_no_byte(tmp_path: Path, partitions: int) -> None:
    source = engaged(tmp_path)
    for number in (1, partitions):
        replay(tmp_path / f"{number}", source, until=ms(at("12:00")), partitions=number, renderer=RENDERER)
    assert files(tmp_path / "1") == files(tmp_path / f"{partitions}")


def test_who_once_came_with_a_user_id_stays_a_user(tmp_path: Path) -> None:
    # given an id that first is an anonymous one, and a last call that again has no user id
    source = write(
        tmp_path / "in.ndjson", anonymous("x", at("10:00")), call("x", VIEW, at("10:05")), anonymous("x", at("10:10"))
    )
    replay(tmp_path / "out", source, until=ms(at("12:00")), renderer=RENDERER)
    # then entry, with the second call, and exit are of the user
    assert [who for _, _, who, _ in told(tmp_path / "out")] == ["user x"] * 4


def test_an_exit_and_an_entry_of_one_instant_stand_in_order_of_cause(tmp_path: Path) -> None:
    # given views at 10:00, 10:30 and at the very instant at which the first one expires
    source = write(tmp_path / "in.ndjson", *(call("ann", VIEW, at(clock)) for clock in ("10:00", "10:30", "11:00")))
    replay(tmp_path / "out", source, renderer=RENDERER)
    # then whoever makes the calls in the file's order ends with the truth
    assert [(when, truth) for when, kind, _, truth in told(tmp_path / "out") if kind == "identify"] == [
        ("10:30", True),
        ("11:00", False),
        ("11:00", True),
    ]


def test_our_own_intake_takes_the_calls_as_they_are(tmp_path: Path) -> None:
    replay(tmp_path / "out", engaged(tmp_path), until=ms(at("12:00")), renderer=RENDERER)
    intake = Intake(plan())
    values = (tmp_path / "out" / "segment-calls.ndjson").read_bytes().splitlines()
    for value, one in zip(values, lines(tmp_path / "out", "segment-calls"), strict=True):
        for from_field, received in ((True, 0), (False, ms(at("13:00")))):
            (event,) = intake.accept(value, received, from_field=from_field)
            assert isinstance(event, Event)
            assert (event.type, event.message_id, event.time) == (one["type"], one["messageId"], ms(one["timestamp"]))
            assert (event.shopper, event.anonymous) == (one.get("userId", one.get("anonymousId")), "userId" not in one)
            body = event.traits if event.type == "identify" else event.properties
            assert decode_object(body) == one["traits" if event.type == "identify" else "properties"]
            assert event.flags == ()


def test_memberships_come_back_as_traits_of_a_shop_that_is_fed_with_the_calls(tmp_path: Path) -> None:
    replay(tmp_path / "first", engaged(tmp_path), until=ms(at("10:40")), renderer=RENDERER)
    told = "segments:\n  told: {when: {trait: {name: engaged, is: true}}}\n"
    fed = parse(TOPOLOGY.replace("segments:\n", told), {}).plan()
    replay(tmp_path / "second", tmp_path / "first" / "segment-calls.ndjson", plan=fed, profiles=True)
    assert {one["shopper"]: one["segments"] for one in lines(tmp_path / "second", "profiles")} == {
        "ann": ["told"],
        "a-7f1c": ["told"],
    }
    assert lines(tmp_path / "second", "dead-letters") == []
