"""`afterclick erase` and `export` as far as they need no broker, and what topologies say of both."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from pipeline.domain.erasure_definition import SHOPPER_ERASED
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.erasing.needle import Needle, needles_of
from pipeline.erasing.request import request_call
from pipeline.topics import plans_of

HEAD = "version: 1\nname: shop\n"
BUYERS = "segments: {buyers: {when: {orders: {at_least: 1}}}}\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_topology_that_erases_nobody_is_told_what_to_add(tmp_path: Path) -> None:
    topology = tmp_path / "topology.yaml"
    topology.write_text(HEAD + BUYERS)
    result = run("erase", "kim", "--yes", "--topology", topology)
    assert result.exit_code == 2
    assert "erases nobody" in result.output


def test_nothing_is_asked_for_without_a_yes(tmp_path: Path) -> None:
    topology = tmp_path / "topology.yaml"
    topology.write_text(HEAD + "erasure: {}\n")
    assert CliRunner().invoke(app, ["erase", "kim", "--topology", str(topology)], input="n\n").exit_code == 1


def test_the_request_is_a_call_that_intake_takes() -> None:
    (event,) = Intake(parse(HEAD, {}).plan()).accept(
        request_call("kim", "r-1", 1_767_571_200_000, "asked"), 1_767_571_200_000
    )
    assert isinstance(event, Event)
    assert (event.name, event.shopper, event.message_id) == (SHOPPER_ERASED, "kim", "r-1")


def test_the_pepper_comes_from_the_environment_and_is_not_shown() -> None:
    topology = parse(HEAD + 'erasure: {pepper: "${PEPPER}"}\n', {"PEPPER": "s3cret"})
    definition = topology.plan().erasure
    assert definition is not None
    assert definition.pepper == "s3cret"
    assert "s3cret" not in repr(topology) + repr(topology.plan())


def test_a_shopper_can_not_come_back_by_being_erased() -> None:
    with pytest.raises(TopologyError, match="can't bring anybody back"):
        parse(HEAD + "erasure: {return_by: [Shopper Erased]}\n", {})


def test_retention_is_what_topics_are_made_with() -> None:
    kept = "clickstream: 3d, decisions: 14d, receipts: 100d, changelogs: 1d, dead_letters: 5d"
    text = f"retention: {{inactive: 730d, {kept}}}\n"
    plans = {plan.logical: plan.settings for plan in plans_of(parse(HEAD + text, {}))}
    day = 24 * 3600 * 1000
    assert plans["clickstream"]["retention.ms"] == str(3 * day)
    assert plans["shopper-events"]["retention.ms"] == str(7 * day)
    assert plans["segment-changes"]["retention.ms"] == str(14 * day)
    assert plans["erasures"]["retention.ms"] == str(100 * day)
    assert plans["clickstream-dlq"]["retention.ms"] == str(5 * day)
    assert plans["shopper-changelog"]["max.compaction.lag.ms"] == str(day)
    assert "erasures" not in {plan.logical for plan in plans_of(parse(HEAD, {}))}


def test_a_change_of_inactivity_is_a_change_of_meaning_and_erasure_is_none() -> None:
    digest = parse(HEAD, {}).plan().digest
    assert parse(HEAD + "erasure: {pepper: salt}\nretention: {clickstream: 1d}\n", {}).plan().digest == digest
    assert parse(HEAD + "retention: {inactive: 1d}\n", {}).plan().digest != digest


def test_an_export_from_files_has_all_parts_and_none_of_who_was_erased(tmp_path: Path) -> None:
    topology, events = tmp_path / "topology.yaml", tmp_path / "events.ndjson"
    topology.write_text(HEAD + BUYERS + "erasure: {}\n")
    at = {"timestamp": "2026-01-05T10:00:00Z", "receivedAt": "2026-01-05T10:00:00Z", "userId": "kim"}
    order = {"order_id": "o-1", "total": 25}
    calls = [
        {**at, "type": "identify", "messageId": "a", "traits": {"email": "kim@shop.example"}},
        {**at, "type": "track", "event": "Order Completed", "messageId": "b", "properties": order},
    ]
    events.write_text("".join(json.dumps(call) + "\n" for call in calls))
    place = ("--input", events, "--topology", topology)
    result = run("export", "kim", *place, "-o", tmp_path / "kim.json")
    assert result.exit_code == 0, result.output
    known = json.loads((tmp_path / "kim.json").read_text())
    assert known["traits"]["email"]["value"] == "kim@shop.example"
    assert known["segments"]["buyers"]["since"] == "2026-01-05T10:00:00.000Z"
    assert known["orders"][0]["value"] == 2500
    assert known["orders"][0]["time"] == "2026-01-05T10:00:00.000Z"
    assert [needle.text for needle in needles_of("kim", (), known)] == ["kim", "kim@shop.example"]

    with events.open("ab") as more:
        more.write(request_call("kim", "r-1", 1_767_700_000_000, dated=True) + b"\n")
    gone = run("export", "kim", *place)
    assert gone.exit_code == 1
    assert "not known" in gone.output


@pytest.mark.parametrize(
    ("text", "key", "value", "found"),
    [
        ("kim@shop.example", None, b'{"to":"mailto:kim@shop.example"}', True),
        ("jürgen-17", None, b'{"shopper":"j\\u00fcrgen-17"}', True),
        ("u1", b"u1", None, True),
        ("u1", b"u17", b'{"shopper":"u17"}', False),
        ("u1", None, b'{"shopper":"u1"}', True),
        ("u1", None, b"\x92\xa2u1\x01", True),
    ],
)
def test_what_an_identifier_is_found_by(text: str, key: bytes | None, value: bytes | None, found: bool) -> None:
    assert Needle(text).is_in(key, value) is found
