"""`afterclick explain` of windows of the calendar, and since an event."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.replaying import call, write

TOPOLOGY = """
version: 1
name: shop
shop: {currency: EUR, timezone: Europe/Berlin}
segments:
  today: {when: {count: {of: Product Viewed, within: {calendar: day}, at_least: 1}}}
  since: {when: {count: {of: Product Viewed, within: {since: [Searched, Order Completed]}, at_least: 1}}}
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    write(
        tmp_path / "events.ndjson",
        call("kim", "Searched", "2026-01-05T09:00:00Z"),
        call("kim", "Product Viewed", "2026-01-05T10:00:00Z"),
        {**call("tim", "Product Viewed", "2026-01-05T10:00:00Z"), "context": {"timezone": "America/New_York"}},
    )


def explain(shopper: str, segment: str, *options: str) -> str:
    result = CliRunner().invoke(app, ["explain", shopper, segment, "--input", "events.ndjson", *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_calendar_window_is_told_with_the_zone_and_its_end() -> None:
    told = json.loads(explain("tim", "today", "--json"))
    assert told["changes_at"] == "2026-01-06T05:00:00.000Z"
    assert told["when"]["within"] == {"calendar": "day"}
    assert told["when"]["timezone"] == "America/New_York"
    assert told["when"]["evidence"] == [{"at": "2026-01-05T10:00:00.000Z", "leaves_at": "2026-01-06T05:00:00.000Z"}]

    text = explain("kim", "today")
    assert "leaves at 2026-01-05T23:00:00.000Z" in text
    assert "count of Product Viewed in this day of Europe/Berlin: 1 or more, wanted at least 1" in text


def test_a_window_since_an_event_is_told_with_its_events() -> None:
    text = explain("kim", "since")
    assert "Time alone does not change that." in text
    assert "count of Product Viewed since the latest Order Completed or Searched: 1 or more" in text
    told = json.loads(explain("tim", "since", "--json"))
    assert (told["member"], told["when"]["value"]) == (False, 0)
    assert told["when"]["within"] == {"since": ["Order Completed", "Searched"]}
