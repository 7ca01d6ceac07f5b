"""Identities: a hash of the meaning of a rule, and of nothing else."""

import pytest

from pipeline.domain.definition import Plan
from tests.unit.config.builder import topology


def plan(segment: str, rest: str = "") -> Plan:
    return topology(f"segments: {{a: {segment}}}\n{rest}").plan()


BASE = "{when: {all: [{count: {of: [A, B], where: {x: 1, y: [p, q]}, at_least: 2, within: 1h}}, {in: z}]}}"
Z = "segments: {a: %s, z: {when: {orders: {%s}}}}"


def identity(segment: str, z: str = "at_least: 1") -> str:
    return topology(Z % (segment, z)).plan().segments[1].identity


@pytest.mark.parametrize(
    "same",
    [
        BASE.replace("{when", "{title: Another, when"),
        BASE.replace("1h", "60m"),
        BASE.replace("1h", "PT1H"),
        BASE.replace("at_least: 2, within: 1h", "within: 1h, at_least: 2"),
        BASE.replace("x: 1, y: [p, q]", "y: [p, q], x: 1"),
        BASE.replace("[p, q]", "{in: [q, p]}"),
        BASE.replace("x: 1", "x: {is: 1.0}"),
        BASE.replace("[A, B]", "[B, A, B]"),
        "{when: {all: [{in: z}, {count: {of: [A, B], where: {x: 1, y: [p, q]}, at_least: 2, within: 1h}}]}}",
    ],
)
def test_spelling_does_not_change_an_identity(same: str) -> None:
    assert identity(same) == identity(BASE)


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("1h", "2h"),
        BASE.replace("at_least: 2", "more_than: 2"),
        BASE.replace("x: 1", "x: '1'"),
        BASE.replace("all:", "any:"),
        BASE.replace("[A, B]", "A"),
        BASE.replace("{in: z}", "{not: {in: z}}"),
    ],
)
def test_meaning_changes_an_identity(other: str) -> None:
    assert identity(other) != identity(BASE)


def test_a_segment_means_another_thing_when_one_it_refers_to_does() -> None:
    assert identity(BASE, "at_least: 2") != identity(BASE)


def test_the_name_of_a_rule_belongs_to_its_identity() -> None:
    one, two = (
        topology("segments: {a: {when: {orders: {at_least: 1}}}, b: {when: {orders: {at_least: 1}}}}").plan().segments
    )
    assert one.identity != two.identity


def test_a_default_written_out_changes_nothing() -> None:
    short = topology("abandonment: {cart: {}}").plan().abandonments[0]
    long = topology("abandonment: {cart: {stages: [4h, 1d, 3d], cool_down: 1w, kind: cart}}").plan().abandonments[0]
    assert short == long


def test_identities_are_twelve_hex_digits_that_stay() -> None:
    made = topology(
        "segments: {engaged: {when: {count: {of: Product Viewed, at_least: 5, within: 1h}}}}\n"
        "abandonment: {cart: {stages: [4h]}}\n"
        "loyalty: {club: {earn: [{on: Order Completed, points: 1, per: 1.00}], tiers: {metric: points_earned,"
        " levels: [{name: bronze, from: 0}, {name: silver, from: 1000}]}}}\n"
    ).plan()
    # A change here changes the id of every decision that shops will make from now on.
    assert made.segments[0].identity == "5c07a6b4e2d3"
    assert made.abandonments[0].identity == "be3bcf6f62b3"
    assert made.programmes[0].identity == "ad9752aeb6d5"


def test_the_digest_covers_all_meanings_and_the_shop() -> None:
    base = plan("{when: {orders: {at_least: 1}}}")
    assert len(base.digest) == 32
    assert plan("{title: x, when: {orders: {at_least: 1}}}").digest == base.digest
    assert plan("{when: {orders: {at_least: 2}}}").digest != base.digest
    assert plan("{when: {orders: {at_least: 1}}}", "abandonment: {cart: {}}").digest != base.digest
    assert plan("{when: {orders: {at_least: 1}}}", "shop: {exchange_rates: {USD: 0.9}}").digest != base.digest
    assert plan("{when: {orders: {at_least: 1}}}", "kafka: {partitions: 2}").digest == base.digest


def test_how_a_change_is_told_is_no_meaning_but_topologies_of_one_digest_tell_it_alike() -> None:
    base, loud = (plan(f"{{when: {{orders: {{at_least: 1}}}}{more}}}") for more in ("", ", definition_change: loud"))
    assert base.segments[0].identity == loud.segments[0].identity
    assert base.digest != loud.digest
    assert plan("{when: {orders: {at_least: 1}}, definition_change: silent}").digest == base.digest


def test_the_order_of_rules_in_the_file_changes_nothing() -> None:
    segments = ["a: {when: {in: b}}", "b: {when: {orders: {at_least: 1}}}"]
    forth = topology(f"segments: {{{segments[0]}, {segments[1]}}}\nabandonment: {{cart: {{}}, browse: {{}}}}")
    back = topology(f"abandonment: {{browse: {{}}, cart: {{}}}}\nsegments: {{{segments[1]}, {segments[0]}}}")
    assert forth.plan() == back.plan()
