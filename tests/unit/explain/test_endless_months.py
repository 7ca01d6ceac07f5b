"""`afterclick explain` where a condition changes with the months for ever and the membership never does."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.replaying import call, write

TOPOLOGY = """
version: 1
name: shop
shop: {currency: EUR}
segments:
  feted: {when: {all: [{last: {of: Product Viewed, property: born, month: now}}, {orders: {at_least: 1}}]}}
"""


def test_a_membership_that_no_month_brings_never_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a shopper whose month comes every year, and who never ordered
    monkeypatch.chdir(tmp_path)
    Path("topology.yaml").write_text(TOPOLOGY)
    write(tmp_path / "events.ndjson", call("kim", "Product Viewed", "2026-01-05T10:00:00Z", born="1990-05-17"))
    # when it is explained
    result = CliRunner().invoke(app, ["explain", "kim", "feted", "--input", "events.ndjson", "--json"])
    # then it comes to an end: the clause changes in May, the membership never
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["member"] is False
    assert told["changes_at"] is None
    assert told["when"]["clauses"][0]["changes_at"] == "2026-05-01T00:00:00.000Z"
