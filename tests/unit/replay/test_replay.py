"""Replay: order, time, files."""

import gzip
import json
from pathlib import Path

import pytest

from pipeline.replay.source import InputError
from tests.support.replaying import call, files, lines, ms, replay, segment_changes, write

FILES = ["abandonment-triggers.ndjson", "consent-changes.ndjson", "dead-letters.ndjson", "experiment-exposures.ndjson",
         "journey-changes.ndjson", "loyalty-points.ndjson", "loyalty-tiers.ndjson", "message-results.ndjson",
         "message-suppressions.ndjson", "messages.ndjson", "redemption-rejected.ndjson", "reward-available.ndjson",
         "segment-changes.ndjson", "trait-changes.ndjson"]  # fmt: skip
VIEW, ADD, ORDER = "Product Viewed", "Product Added", "Order Completed"


def at(clock: str, day: int = 3) -> str:
    return f"2026-01-{day:02d}T{clock}:00Z"


def engaged(tmp_path: Path) -> Path:
    """One shopper who views twice at 10:00 and 10:30 and so is engaged until 11:00."""
    return write(tmp_path / "in.ndjson", call("ann", VIEW, at("10:00")), call("ann", VIEW, at("10:30")))


def test_every_output_file_is_written_even_if_empty(tmp_path: Path) -> None:
    source = write(tmp_path / "in.ndjson", call("ann", "Something", at("10:00")))
    summary = replay(tmp_path / "out", source)
    assert sorted(files(tmp_path / "out")) == FILES
    assert {name for name, held in files(tmp_path / "out").items() if held} == {"journey-changes.ndjson"}
    assert (summary.events, summary.shoppers, summary.last) == (1, 1, ms(at("10:00")))


def test_time_ends_with_the_last_record(tmp_path: Path) -> None:
    replay(tmp_path / "out", engaged(tmp_path))
    assert segment_changes(tmp_path / "out") == [("2026-01-03T10:30:00", "ann", "engaged", "entered")]


def test_a_timer_of_one_shopper_fires_before_the_record_of_another(tmp_path: Path) -> None:
    more = write(tmp_path / "more.ndjson", call("bob", VIEW, at("12:00")))
    replay(tmp_path / "out", engaged(tmp_path), more)
    assert segment_changes(tmp_path / "out")[1:] == [("2026-01-03T11:00:00", "ann", "engaged", "exited")]


@pytest.mark.parametrize("until, changes", [("10:59", 1), ("11:00", 2), ("12:00", 2)])
def test_time_may_go_on_until(tmp_path: Path, until: str, changes: int) -> None:
    replay(tmp_path / "out", engaged(tmp_path), until=ms(at(until)))
    assert len(segment_changes(tmp_path / "out")) == changes


def test_records_after_until_are_not_read(tmp_path: Path) -> None:
    source = write(
        tmp_path / "in.ndjson",
        call("ann", VIEW, at("10:00")),
        call("bob", VIEW, at("10:10")),
        call("eve", VIEW, at("10:11")),
        b"broken",
        call("ann", VIEW, at("10:05")),
    )
    summary = replay(tmp_path / "out", source, until=ms(at("10:10")), profiles=True)
    assert (summary.events, summary.dead_letters.total(), summary.last) == (2, 0, ms(at("10:10")))
    assert [one["shopper"] for one in lines(tmp_path / "out", "profiles")] == ["ann", "bob"]


def test_received_time_is_raised_to_the_largest_so_far(tmp_path: Path) -> None:
    source = write(
        tmp_path / "in.ndjson",
        call("ann", VIEW, at("10:00"), receivedAt=at("10:00")),
        call("bob", VIEW, at("11:30"), receivedAt=at("11:30")),
        call("ann", VIEW, at("10:30"), receivedAt=at("10:31")),
    )
    replay(tmp_path / "out", source)
    # Received at 11:31 as raised, the second view lies at 10:30: two within an hour are over.
    assert segment_changes(tmp_path / "out") == []


def test_inputs_are_merged_by_received_time_and_keep_their_own_order(tmp_path: Path) -> None:
    first = write(tmp_path / "a.ndjson", call("ann", VIEW, at("10:00")), call("ann", VIEW, at("12:00")))
    second = write(tmp_path / "b.ndjson", call("ann", VIEW, at("10:40")))
    replay(tmp_path / "out", first, second)
    assert segment_changes(tmp_path / "out") == [
        ("2026-01-03T10:40:00", "ann", "engaged", "entered"),
        ("2026-01-03T11:00:00", "ann", "engaged", "exited"),
    ]


def test_lines_are_sorted_by_effective_time_shopper_and_id(tmp_path: Path) -> None:
    calls = [call(shopper, ORDER, at("10:00"), order_id=shopper, total=150) for shopper in ("zoe", "ann", "max")]
    replay(tmp_path / "out", write(tmp_path / "in.ndjson", *calls))
    found = lines(tmp_path / "out", "loyalty-tiers")
    order = [(one["effective_at"], one["shopper"], one["id"]) for one in found]
    assert len(order) == 6
    assert order == sorted(order)


def test_the_delivery_is_told_only_with_trace(tmp_path: Path) -> None:
    source = engaged(tmp_path)
    replay(tmp_path / "plain", source)
    replay(tmp_path / "traced", source, trace=True)
    (plain,), (traced,) = lines(tmp_path / "plain", "segment-changes"), lines(tmp_path / "traced", "segment-changes")
    assert traced.pop("decided_at") == "2026-01-03T10:30:00.000Z"
    assert traced.pop("source") == {"topic": "shopper-events", "partition": 0, "offset": 1}
    assert plain == traced


def test_batches_compressed_files_and_blank_lines(tmp_path: Path) -> None:
    batch = {"batch": [call("ann", VIEW, at("10:00")), call("ann", VIEW, at("10:30"))], "sentAt": at("10:31")}
    packed = tmp_path / "in.ndjson.gz"
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(batch).encode() + b"\r\n\r\n   \n"))
    summary = replay(tmp_path / "out", packed)
    assert (summary.events, summary.dead_letters.total()) == (2, 0)
    assert len(segment_changes(tmp_path / "out")) == 1


def test_dead_letters_tell_reason_position_and_original(tmp_path: Path) -> None:
    good, bad = call("ann", VIEW, at("10:00")), {"type": "track", "event": "X", "timestamp": at("10:01")}
    source = write(tmp_path / "in.ndjson", good, b"no json", b"\xff\xfe", {"batch": [good, bad], "x": 1})
    summary = replay(tmp_path / "out", source)
    name = str(source)
    assert lines(tmp_path / "out", "dead-letters") == [
        {"reason": "undecodable", "detail": "JSON is malformed: invalid character (byte 4)", "original": "no json",
         "encoding": "utf-8", "position": {"file": name, "line": 2, "item": None}},
        {"reason": "undecodable", "detail": "JSON is malformed: invalid character (byte 0)", "original": "//4=",
         "encoding": "base64", "position": {"file": name, "line": 3, "item": None}},
        {"reason": "missing_id", "detail": "neither userId nor anonymousId", "original": json.dumps(bad),
         "encoding": "utf-8", "position": {"file": name, "line": 4, "item": 1}},
    ]  # fmt: skip
    assert (summary.events, summary.duplicates) == (2, 1)
    assert summary.dead_letters == {"undecodable": 2, "missing_id": 1}


def test_late_and_mismatched_calls_are_dead_letters_with_their_own_bytes(tmp_path: Path) -> None:
    now, old = call("ann", VIEW, at("10:00", 20)), call("ann", "Old", at("10:00", 2), receivedAt=at("10:01", 20))
    other = {**now, "properties": {"product_id": "other"}}
    source = write(tmp_path / "in.ndjson", now, {"batch": [old, other]}, {**now, "sentAt": at("10:02", 20)})
    summary = replay(tmp_path / "out", source, profiles=True)
    letters = lines(tmp_path / "out", "dead-letters")
    assert [(one["reason"], one["position"]["item"]) for one in letters] == [("late", 0), ("duplicate_mismatch", 1)]
    assert [json.loads(one["original"]) for one in letters] == [old, other]
    assert summary.duplicates == 1


def test_everyone_of_whom_a_valid_event_came_has_a_profile_however_late(tmp_path: Path) -> None:
    late = call("zed", "Old", at("10:00", 2), receivedAt=at("10:01", 20))
    source = write(tmp_path / "in.ndjson", late, call("ann", ORDER, at("11:00", 20), order_id="1", total=150), b"bad")
    replay(tmp_path / "out", source, profiles=True)
    ann, zed = lines(tmp_path / "out", "profiles")
    assert (ann["shopper"], ann["segments"], ann["orders"]["count"]) == ("ann", ["buyers"], 1)
    assert (zed["shopper"], zed["segments"], zed["orders"]["count"]) == ("zed", [], 0)


def test_an_input_that_breaks_off_leaves_no_file_behind(tmp_path: Path) -> None:
    packed = tmp_path / "in.ndjson.gz"
    packed.write_bytes(gzip.compress(json.dumps(call("ann", VIEW, at("10:00"))).encode() * 100)[:-20])
    with pytest.raises(InputError, match="cannot be read to its end"):
        replay(tmp_path / "out", packed)
    assert files(tmp_path / "out") == {}


def test_a_missing_input_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        replay(tmp_path / "out", tmp_path / "nothing")


def test_a_webhook_changes_consent_and_names_the_event_that_it_refuses(tmp_path: Path) -> None:
    body = {"email": "ann@shop.example", "timestamp": 1767434400, "user_id": "ann"}
    said = {**body, "event": "spamreport", "sg_event_id": "e1"}
    odd = {**body, "event": "deferred", "sg_event_id": "e2"}
    replay(tmp_path / "out", write(tmp_path / "in.ndjson", [said, odd]))
    (change,) = lines(tmp_path / "out", "consent-changes")
    assert (change["shopper"], change["after"], change["reason"]) == ("ann", "denied", "complaint")
    (refused,) = lines(tmp_path / "out", "dead-letters")
    assert (refused["reason"], refused["position"]["item"]) == ("unknown_feedback", 1)
    assert json.loads(refused["original"]) == odd
