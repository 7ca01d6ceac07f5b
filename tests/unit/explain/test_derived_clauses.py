"""`afterclick explain` of conditions on what is derived: RFM scores, the stage of the journey, computed traits."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.replaying import call, write

TOPOLOGY = """
version: 1
name: shop
shop: {currency: EUR}
rfm: {recency: [1, 2, 3, 5], frequency: [1, 2, 3, 4], monetary: [10, 20, 30, 40]}
journey:
  - {stage: new, when: {orders: {at_most: 0}}}
  - {stage: active, when: {orders: {within: 2d, at_least: 1}}}
  - {stage: lapsed}
traits:
  worth: {spend: {within: 3d}}
  taste: {most_frequent: {of: Product Viewed, property: category, within: 1d}}
  latest: {last: {of: Product Viewed, property: category}}
  price: {avg: {of: Product Viewed, property: price, within: 1d}}
  born: {first: {of: "*", property: $time}}
segments:
  recent: {when: {rfm: {recency: [4, 5], monetary: [3]}}}
  gone: {when: {any: [{stage: [lapsed]}, {stage: [new]}]}}
  curious:
    when:
      any:
        - computed: {name: worth, at_least: 30}
        - computed: {name: taste, is: Hats}
        - computed: {name: latest, is: Hats}
        - computed: {name: price, at_least: 20}
        - computed: {name: born, within: 1h}
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kim looks at shoes twice, at hats once, and orders; tim does neither."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    write(
        tmp_path / "events.ndjson",
        call("kim", "Product Viewed", "2026-01-05T10:00:00Z", category="Shoes", price=10),
        call("kim", "Product Viewed", "2026-01-05T10:10:00Z", category="Shoes", price=11),
        call("kim", "Product Viewed", "2026-01-05T10:20:00Z", category="Hats", price=11),
        call("kim", "Order Completed", "2026-01-05T11:00:00Z", order_id="o1", total=22.5),
        call("tim", "Searched", "2026-01-05T12:00:00Z"),
    )


def explain(shopper: str, segment: str, *options: str) -> str:
    result = CliRunner().invoke(app, ["explain", shopper, segment, "--input", "events.ndjson", *options])
    assert result.exit_code == 0, result.output
    return result.output


def clauses(shopper: str, segment: str) -> list[str]:
    return explain(shopper, segment).splitlines()[4:]


def test_scores_stand_against_those_wanted_with_the_orders_they_are_made_of() -> None:
    assert clauses("kim", "recent") == [
        "yes  rfm: recency 5, frequency 2, monetary 3, wanted recency 4 or 5 and monetary 3; until "
        "2026-01-07T11:00:00.000Z",
        "       2026-01-05T11:00:00.000Z  22.50 EUR",
    ]
    assert clauses("tim", "recent") == ["no   rfm: no orders, wanted recency 4 or 5 and monetary 3"]


def test_below_a_stage_are_the_conditions_of_the_journey_once() -> None:
    assert clauses("kim", "gone") == [
        "no   any of these; from 2026-01-07T11:00:00.000Z",
        "no     stage: active, wanted in lapsed; from 2026-01-07T11:00:00.000Z",
        "no       new: orders: 1, wanted at most 0",
        "           2026-01-05T11:00:00.000Z  22.50 EUR",
        "yes      active: orders in 2d: 1, wanted at least 1; until 2026-01-07T11:00:00.000Z",
        "           2026-01-05T11:00:00.000Z  22.50 EUR  leaves at 2026-01-07T11:00:00.000Z",
        "no     stage: active, wanted in new",
    ]


def test_a_computed_trait_is_told_as_its_function_is() -> None:
    assert clauses("kim", "curious") == [
        "yes  any of these",
        "no     computed worth: 22.50 EUR, wanted at least 30",
        "         2026-01-05T11:00:00.000Z  22.50 EUR  leaves at 2026-01-08T11:00:00.000Z",
        "no     computed taste: Shoes, wanted is Hats; from 2026-01-06T10:00:00.000Z",
        "         2026-01-05T10:00:00.000Z  leaves at 2026-01-06T10:00:00.000Z",
        "         2026-01-05T10:10:00.000Z  leaves at 2026-01-06T10:10:00.000Z",
        "yes    computed latest: Hats, wanted is Hats",
        "         2026-01-05T10:20:00.000Z  message kim/Product Viewed/2026-01-05T10:20:00Z",
        "no     computed price: 10.666667, wanted at least 20",
        "         2026-01-05T10:00:00.000Z  10  leaves at 2026-01-06T10:00:00.000Z",
        "         2026-01-05T10:10:00.000Z  11  leaves at 2026-01-06T10:10:00.000Z",
        "         2026-01-05T10:20:00.000Z  11  leaves at 2026-01-06T10:20:00.000Z",
        "no     computed born: 2026-01-05T10:00:00.000Z, wanted within 1h",
        "         2026-01-05T10:00:00.000Z  message kim/Product Viewed/2026-01-05T10:00:00Z",
    ]


def test_the_same_as_data() -> None:
    data: dict[str, Any] = json.loads(explain("kim", "gone", "--json"))
    stage = data["when"]["clauses"][0]
    assert (stage["clause"], stage["value"], stage["threshold"]) == ("stage", "active", {"in": ["lapsed"]})
    assert [(part["stage"], part["clause"], part["holds"]) for part in stage["clauses"]] == [
        ("new", "orders", False),
        ("active", "orders", True),
    ]
    scores = json.loads(explain("tim", "recent", "--json"))["when"]
    assert scores["value"] == {"recency": None, "frequency": None, "monetary": None}
