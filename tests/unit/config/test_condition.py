"""Conditions as written -> what the core takes."""

import pytest

from pipeline.domain.consent_definition import ConsentNow
from pipeline.domain.definition import (
    TIME_PROPERTY,
    Aggregate,
    All,
    AnyOf,
    Bound,
    CartNow,
    Condition,
    Edge,
    Filter,
    Member,
    Not,
    Number,
    Purchases,
    Selection,
    Trait,
)
from pipeline.domain.definition import Test as Check
from pipeline.domain.value.instant import DAY, HOUR, parse_instant
from pipeline.domain.window_definition import Calendar, Since
from tests.unit.config.builder import condition, condition_problems, problems, topology

VIEWED = Selection(("Product Viewed",))


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        (
            "{count: {of: Product Viewed, at_least: 5, within: 1h}}",
            Aggregate("count", VIEWED, (Bound("at_least", (5,)),), HOUR),
        ),
        ("{count: {of: Product Viewed, exactly: 1}}", Aggregate("count", VIEWED, (Bound("is", (1,)),))),
        (
            '{count: {of: "*", in: [1, 3], not_in: [2]}}',
            Aggregate("count", Selection(("*",)), (Bound("in", (1, 3)), Bound("not_in", (2,)))),
        ),
        (
            "{sum: {of: [B, A], property: a.b, more_than: 1.5, within: P1D}}",
            Aggregate("sum", Selection(("A", "B")), (Bound("more_than", (1_500_000,)),), DAY, ("a", "b")),
        ),
        (
            "{avg: {of: A, property: price, between: [-1, 2]}}",
            Aggregate("avg", Selection(("A",)), (Bound("between", (-1_000_000, 2_000_000)),), None, ("price",)),
        ),
        (
            "{distinct: {of: A, property: p, at_least: 3}}",
            Aggregate("distinct", Selection(("A",)), (Bound("at_least", (3,)),), None, ("p",)),
        ),
        (
            "{last: {of: Product Viewed, property: $time, within: 30d}}",
            Edge("last", VIEWED, TIME_PROPERTY, (Check("within", 30 * DAY),)),
        ),
        (
            "{first: {of: Product Viewed, property: n, is: 5, is_not: x}}",
            Edge("first", VIEWED, ("n",), (Check("is", Number(5_000_000)), Check("is_not", "x"))),
        ),
        (
            "{trait: {name: address.country, in: [DE, 1, true]}}",
            Trait(("address", "country"), (Check("in", ("DE", Number(1_000_000), True)),)),
        ),
        (
            "{trait: {name: born, before: 2000-01-31, exists: true}}",
            Trait(("born",), (Check("exists", True), Check("before", parse_instant("2000-01-31")))),
        ),
        (
            "{count: {of: A, at_least: 1, within: {calendar: quarter}}}",
            Aggregate("count", Selection(("A",)), (Bound("at_least", (1,)),), Calendar("quarter")),
        ),
        (
            "{spend: {at_least: 1, within: {since: [C, B]}}}",
            Purchases("spend", (Bound("at_least", (100,)),), Since(("B", "C"))),
        ),
        ("{orders: {within: 30d, at_most: 0}}", Purchases("orders", (Bound("at_most", (0,)),), 30 * DAY)),
        (
            "{average_order: {more_than: 80, within: 90d}}",
            Purchases("average_order", (Bound("more_than", (8_000,)),), 90 * DAY),
        ),
        ("{spend: {at_least: 500.5}}", Purchases("spend", (Bound("at_least", (50_050,)),))),
        (
            "{cart: {value: {at_least: 100}, items: {less_than: 3}, contains: {product_id: A-1}}}",
            CartNow(
                (Bound("at_least", (10_000,)),),
                (Bound("less_than", (3,)),),
                (Filter(("product_id",), (Check("is", "A-1"),)),),
            ),
        ),
        ("{not: {orders: {at_least: 1}}}", Not(Purchases("orders", (Bound("at_least", (1,)),)))),
    ],
)
def test_simple_conditions(written: str, meaning: Condition) -> None:
    assert condition(written) == meaning


def test_conditions_nest() -> None:
    plan = topology(
        "segments:\n"
        "  a: {when: {all: [{in: b}, {any: [{in: c}, {not: {in: b}}]}]}}\n"
        "  b: {when: {orders: {at_least: 1}}}\n"
        "  c: {when: {in: b}}\n"
    ).plan()
    assert [segment.name for segment in plan.segments] == ["b", "c", "a"]
    assert plan.segments[2].when == All((Member("b"), AnyOf((Member("c"), Not(Member("b"))))))


def test_filters_take_values_lists_and_operators() -> None:
    found = condition(
        "{count: {of: Product Viewed, at_least: 1, where:"
        " {z: 1, b: [x, y], products.category: {all_of: Shoes}, d: {at_least: 1, all_of: {less_than: 9}}}}}"
    )
    assert isinstance(found, Aggregate)
    assert found.selection.where == (
        Filter(("b",), (Check("in", ("x", "y")),)),
        Filter(("d",), (Check("at_least", Number(1_000_000)),)),
        Filter(("d",), (Check("less_than", Number(9_000_000)),), every=True),
        Filter(("products", "category"), (Check("is", "Shoes"),), every=True),
        Filter(("z",), (Check("is", Number(1_000_000)),)),
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{}", "needs a condition"),
        ("{all: []}", "all: needs at least 1"),
        ("{all: {in: a}}", "all: should be a list"),
        ("foo", "should be a mapping of keys"),
        ("{count: {of: A}}", "count: needs a bound, as at_least: 1"),
        ("{count: {at_least: 1}}", "count: needs of"),
        ("{count: {of: [], at_least: 1}}", "count.of: should be an event name"),
        ('{count: {of: ["*", A], at_least: 1}}', 'count.of: "*" already means every event'),
        ("{count: {of: identify, at_least: 1}}", "count.of: identify calls are never counted"),
        ("{count: {of: A, at_least: 1.5}}", "count.at_least: 1.5 should be a whole number"),
        ("{count: {of: A, at_least: '5'}}", "count.at_least: '5' is no number, leave the quotes out"),
        ("{count: {of: A, at_least: .inf}}", "count.at_least: '.inf' is no number"),
        ("{count: {of: A, at_least: 1, within: 0s}}", "count.within: a window should be longer than 0s"),
        ("{count: {of: A, at_least: 1, within: P1Y}}", "count.within: 'P1Y' has no fixed length"),
        ("{count: {of: A, at_least: 1, within: {since: '*'}}}", "count.within: nothing is later than the latest event"),
        ("{count: {of: A, at_least: 1, within: {since: []}}}", "count.within: should be an event name"),
        (
            "{count: {of: A, at_least: 1, within: {since: Completed Order}}}",
            "count.within: rules see standard names: Completed Order is an alias of Order Completed, name that",
        ),
        (
            "{count: {of: A, at_least: 1, within: {calendar: moth}}}",
            "count.within: a calendar window is of a day, week, month, quarter or year, not 'moth', did"
            " you mean month?",
        ),
        ("{orders: {at_least: 1, within: {calendar: [day]}}}", "orders.within: a calendar window is of a day"),
        (
            "{spend: {at_least: 1, within: {calendar: day, since: A}}}",
            "spend.within: should be a duration as 30d, {calendar: month} or {since: Order Completed}",
        ),
        ("{spend: {at_least: 1, within: {last: 3d}}}", "spend.within: should be a duration as 30d"),
        (
            "{count: {of: A, at_least: 10000, within: {calendar: day}}}",
            "count: at_least 10000 is more than is remembered",
        ),
        ("{count: {of: A, at_least: 10000, within: 1h}}", "count: at_least 10000 is more than is remembered"),
        ("{count: {of: A, at_least: 5, at_most: 3}}", "count: at_least 5 and at_most 3 contradict each other"),
        ("{count: {of: A, more_than: 3, less_than: 4}}", "count: more_than 3 and less_than 4 contradict each other"),
        ("{count: {of: A, exactly: 3, at_least: 4}}", "count: at_least 4 and exactly 3 contradict each other"),
        ("{count: {of: A, less_than: 0}}", "count: less_than 0 can never be true"),
        ("{count: {of: A, between: [5, 3]}}", "count: between goes from the smaller to the larger"),
        ("{count: {of: A, is: 1, exactly: 1}}", "count: says both is and exactly"),
        ("{sum: {of: A, at_least: 1}}", "sum: needs property"),
        ("{sum: {of: A, property: a..b, at_least: 1}}", "sum.property: 'a..b' is no property path"),
        ("{sum: {of: A, property: a, at_least: 0.0000001}}", "sum.at_least: 1E-7 has more than 6 decimal places"),
        ("{trait: {name: a}}", "trait: needs an operator"),
        ("{trait: {name: a, is: [1]}}", "trait.is: should be one text, number or true/false, for several say in"),
        ("{trait: {name: a, in: []}}", "trait.in: needs at least 1"),
        ("{trait: {name: a, in: [~]}}", "trait.in[0]: null is never there"),
        ("{trait: {name: a, matches: '['}}", "trait.matches: is no RE2 pattern"),
        ("{trait: {name: a, matches: '(?=x)'}}", "trait.matches: is no RE2 pattern"),
        (f"{{trait: {{name: a, matches: {'x' * 513}}}}}", "trait.matches: is a pattern of 513 characters"),
        ("{trait: {name: a, matches: '((a{100}){100}){100}'}}", "trait.matches: is no RE2 pattern"),
        ("{trait: {name: a, exists: yes}}", "trait.exists: should be true or false"),
        ("{trait: {name: a, before: tomorrow}}", "trait.before: 'tomorrow' is no date"),
        ("{trait: {name: a, after: 2026-02-01, before: 2026-01-01}}", "trait: after 2026-02-01 and before 2026-01-01"),
        ("{trait: {name: a, at_least: 2, less_than: 1}}", "trait: at_least 2 and less_than 1 contradict each other"),
        ("{average_order: {at_least: 1.005}}", "average_order.at_least: 1.005 has more than 2 decimal places"),
        ("{cart: {}}", "cart: needs value, items or contains"),
        ("{cart: {contains: {category: x}}}", "cart.contains.category: a cart line has no category"),
        ("{cart: {value: {at_least: 1.001}}}", "cart.value.at_least: 1.001 has more than 2 decimal places"),
        ("{in: b}", "in: there is no segment b"),
        ("{tier: {programme: club, is: gold}}", "tier.programme: there is no loyalty programme club"),
        ("{tier: {programme: club}}", "tier: needs an operator, as is: gold"),
        ("{points: {programme: club, at_least: 5}}", "points.programme: there is no loyalty programme club"),
        ("{points: {programme: club, at_least: 0.5}}", "points.at_least: 0.5 should be a whole number"),
        ("{in: a}", "in: segments refer to each other in a circle: a -> a"),
        ("{orders: {at_least: 1, atleast: 2}}", "orders.atleast: unknown key or operator, did you mean at_least?"),
    ],
)
def test_what_cannot_be_meant_is_told(written: str, told: str) -> None:
    found = condition_problems(written)
    assert any(problem.startswith(told) for problem in found), found


def test_consent_is_asked_of_marketing_unless_it_says_otherwise() -> None:
    assert condition("{consent: {channel: email, is: granted}}") == ConsentNow("email", "marketing", "granted")
    spared = condition("{consent: {channel: sms, purpose: offers, is: reduced}}")
    assert spared == ConsentNow("sms", "offers", "reduced")
    assert condition_problems("{consent: {channel: email, is: given}}")
    assert condition_problems("{consent: {channel: email}}")


def test_article_numbers_may_be_long() -> None:
    found = condition("{trait: {name: last_article, in: [4006381333931, '04006381333931']}}")
    assert found == Trait(("last_article",), (Check("in", (Number(4006381333931_000_000), "04006381333931")),))


def test_money_follows_the_currency() -> None:
    body = "shop: {currency: %s}\nsegments: {a: {when: {spend: {at_least: %s}}}}"
    for currency, amount, minor in (("JPY", "500", 500), ("KWD", "1.234", 1234), ("EUR", "1.2", 120)):
        spend = topology(body % (currency, amount)).plan().segments[0].when
        assert isinstance(spend, Purchases)
        assert spend.bounds == (Bound("at_least", (minor,)),)


def test_names_that_intake_makes_standard_are_told_too() -> None:
    assert condition_problems("{count: {of: [page, Viewed Product], at_least: 1}}") == [
        "count.of: rules see standard names: Viewed Product is an alias of Product Viewed, name that"
    ]


def test_rules_see_standard_names_only() -> None:
    assert problems(
        "events: {aliases: {Basket Item Added: Product Added}}\n"
        "segments: {a: {when: {count: {of: Basket Item Added, at_least: 1}}}}"
    ) == [
        "segments.a.when.count.of: rules see standard names: Basket Item Added is an alias of Product Added, name that"
    ]


CLUB = """
loyalty:
  club:
    earn: [{on: Order Completed, points: 1, per: 1.00}]
    tiers: {metric: points_earned, levels: [{name: bronze, from: 0}, {name: gold, from: 50}]}
"""


def test_a_tier_must_be_one_of_the_programme() -> None:
    segment = "segments:\n  a: {when: {tier: {programme: club, in: [gold, bronce]}}}\n"
    assert problems(segment + CLUB) == ["segments.a.when.tier.in: club has no tier bronce, did you mean bronze?"]


def test_a_condition_on_a_tier_means_another_thing_when_the_programme_does() -> None:
    segment = "segments:\n  a: {when: {tier: {programme: club, is: gold}}}\n"
    one, other = (topology(segment + club).plan().segments[0] for club in (CLUB, CLUB.replace("50", "60")))
    assert one.identity != other.identity
