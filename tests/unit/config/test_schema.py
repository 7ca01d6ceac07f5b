"""The JSON Schema for editors, and the reference: made of the models, checked in."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pipeline.config import reference_page, schema
from pipeline.config.source import Source
from pipeline.config.topology import parse
from tests.conftest import REPOSITORY

HERE = Path(__file__).parent

# The examples of the language's design, as far as this version supports them.
EXAMPLES = """
version: 1
name: demo-shop
shop: {timezone: Europe/Berlin, currency: EUR, exchange_rates: {USD: 0.92, GBP: 1.17}}
kafka: {partitions: 8, replication: 3, format: json}
topics:
  clickstream: web.clickstream.v1
events:
  aliases: {Basket Item Added: Product Added}
time: {received: broker, tick: 500ms, margin: 1s, stall: 10m, future_skew: 5m, late: {segments: 7d, triggers: 48h}}
segments:
  engaged:     {when: {count: {of: Product Viewed, at_least: 5, within: 1h}}}
  buyers:      {when: {orders: {within: 30d, at_least: 1}}}
  slipping-vip:
    title: Spent 500 in a year, silent for 60 days
    when: {all: [{spend: {within: 365d, at_least: 500}}, {orders: {within: 60d, at_most: 0}}]}
  full-price-buyers: {when: {count: {of: Order Completed, where: {discount: 0}, within: 90d, at_least: 1}}}
  shoes: {when: {count: {of: Order Completed, where: {products.category: {all_of: Shoes}, x: [1, a]}, at_least: 1}}}
  carts: {when: {cart: {value: {at_least: 100}, items: {exactly: 2}, contains: {product_id: {starts_with: A}}}}}
  traits: {when: {trait: {name: address.country, is: DE}}}
  last: {when: {last: {of: Product Viewed, property: $time, within: 30d}}}
abandonment:
  browse:   {stages: [1h], subject: product, minimum_views: 2, after_purchase: 10d}
  cart:     {stages: [4h, 24h, 72h], minimum_value: 0.01, cool_down: 7d, expires: 10d, recovered_within: 5d,
             after_purchase: 3d, resets_on: own_activity, on_activity: hold, unless: {in: full-price-buyers}}
  checkout: {stages: [1h, 24h, 72h]}
loyalty:
  club:
    earn:
      - {on: Order Completed, points: 1, per: 1.00, exclude: [shipping, tax, gift_cards]}
    refunds: negative_allowed
    tiers:
      metric: points_earned
      window: {rolling: 365d}
      levels:
        - {name: bronze, from: 0}
        - {name: silver, from: 1000, keep: 800, multiplier: 1.25}
        - {name: gold, from: 5000, keep: 4000, multiplier: 1.5}
      term: 365d
      grace: 30d
      downgrade: one_level
"""


def wrong(text: str) -> list[str]:
    """What the checked-in schema says is wrong with a file."""
    validator = Draft202012Validator(json.loads((REPOSITORY / schema.SCHEMA).read_text()))
    return [error.json_path for error in validator.iter_errors(_plain(Source(text, "f.yaml", {"X": "${X}"}).root))]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value


def test_the_schema_is_the_one_that_the_models_make() -> None:
    assert (REPOSITORY / schema.SCHEMA).read_text() == schema.text(), "run python -m pipeline.config"


def test_the_reference_is_the_one_that_the_models_make() -> None:
    assert (REPOSITORY / reference_page.PAGE).read_text() == reference_page.page(), "run python -m pipeline.config"


def test_it_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(schema.schema())


def test_it_takes_the_examples_of_the_language_and_so_does_the_loader() -> None:
    assert wrong(EXAMPLES) == []
    parse(EXAMPLES, {})


@pytest.mark.parametrize("file", [REPOSITORY / "topology.yaml", HERE / "every_kind.yaml"])
def test_it_takes_our_topologies(file: Path) -> None:
    assert wrong(file.read_text()) == []


def test_it_takes_the_reference_job(shared: Path) -> None:
    assert wrong((shared / "reference" / "topology.yaml").read_text()) == []


def test_it_takes_variables_of_the_environment() -> None:
    assert wrong('version: 1\nname: "${X}"\nkafka: {partitions: "${X}", format: "${X}"}\ntime: {margin: "${X}"}') == []


def test_it_finds_what_the_loader_finds() -> None:
    found = wrong((HERE / "broken.yaml").read_text())
    for place in ("$.kafka.format", "$.segments.engaged.when", "$.segments.two.when", "$.loyalty.club.tiers.metric"):
        assert place in found


def test_every_key_is_described() -> None:
    made = schema.schema()
    missing = [
        f"{name}.{key}"
        for name, block in {"top": made, **made["$defs"]}.items()
        for option in (block, *block.get("anyOf", ()))
        for key, written in option.get("properties", {}).items()
        if not written.get("description") and "$ref" not in written
    ]
    assert missing == []
