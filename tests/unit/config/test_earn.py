"""What earns points, as it is written: what it means, and what is said of mistakes."""

import pytest

from pipeline.domain.definition import Filter, Number
from pipeline.domain.definition import Test as Operator
from pipeline.domain.loyalty_definition import EarnRule, Limit, Mission, Review
from tests.unit.config.test_rules import LEVELS, problems, topology

DAY = 86_400_000
MICRO = 1_000_000
TIERS = f"tiers: {{metric: points_earned, {LEVELS}}}"


def rule_of(text: str, shop: str = "") -> EarnRule:
    (programme,) = topology(f"{shop}\nloyalty: {{club: {{earn: [{text}], {TIERS}}}}}").plan().programmes
    return programme.earn[0]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "{on: Product Reviewed, points: 50, limit: {times: 1, within: 30d}, where: {rating: {at_least: 4}}}",
            EarnRule(
                "Product Reviewed",
                50 * MICRO,
                where=(Filter(("rating",), (Operator("at_least", Number(4 * MICRO)),)),),
                limit=Limit(1, 30 * DAY),
            ),
        ),
        ("{on: $birthday, trait: person.born, points: 5}", EarnRule("$birthday", 5 * MICRO, trait=("person", "born"))),
        ("{on: $anniversary, points: 5}", EarnRule("$anniversary", 5 * MICRO)),
        (
            "{on: Referral Completed, points: 500, also: referrer_id, limit: {times: 3}}",
            EarnRule("Referral Completed", 500 * MICRO, also=("referrer_id",), limit=Limit(3)),
        ),
        (
            "{on: $mission, orders_in: {months: 3}, points: 300}",
            EarnRule("$mission", 300 * MICRO, mission=Mission("month", 3), limit=Limit(1)),
        ),
        (
            "{on: $mission, orders_in: {weeks: 4, in_a_row: true}, points: 300, limit: {times: 9}}",
            EarnRule("$mission", 300 * MICRO, mission=Mission("week", 4, True), limit=Limit(9)),
        ),
        (
            "{on: Order Completed, id: shoes, points: 2, per: 1, lines: {category: Shoes}, priority: 5,"
            " exclusive: true}",
            EarnRule(
                "Order Completed",
                2 * MICRO,
                100,
                id="shoes",
                priority=5,
                exclusive=True,
                lines=(Filter(("category",), (Operator("is", "Shoes"),)),),
            ),
        ),
        ("{on: Order Completed, points: 500, first: true}", EarnRule("Order Completed", 500 * MICRO, first=True)),
        (
            "{on: page, points: 1, from: 1970-01-02, until: 1970-01-03T00:00:00+01:00}",
            EarnRule("page", MICRO, start=DAY, end=2 * DAY - 3_600_000),
        ),
    ],
)
def test_rules(text: str, rule: EarnRule) -> None:
    assert rule_of(text) == rule


def test_a_campaign_goes_by_the_clocks_of_the_shop() -> None:
    rule = rule_of("{on: page, points: 1, from: 1970-01-02}", "shop: {timezone: Asia/Tokyo}")
    assert rule.start == DAY - 9 * 3_600_000


def test_signs_of_fraud() -> None:
    text = "review: {points_per_day: 900, refunds: {times: 3, within: 30d}, referrals_per_device: {times: 1}}"
    (programme,) = (
        topology(f"loyalty: {{club: {{{text}, earn: [{{on: page, points: 1}}], {TIERS}}}}}").plan().programmes
    )
    assert programme.review == Review(900, Limit(3, 30 * DAY), Limit(1))


EARN = "loyalty.club.earn[0]"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{on: Order Refunded, points: 1}", f"{EARN}.on: Order Refunded earns nothing, name another event"),
        ("{on: identify, points: 1}", f"{EARN}.on: identify earns nothing"),
        ("{on: $birthdy, points: 1}", f"{EARN}.on: $birthdy is none of $birthday, $anniversary, $mission, did you"),
        ("{on: [page, screen], points: 1}", f"{EARN}.on: should be the name of one event"),
        ("{on: page, points: -5}", f"{EARN}.points: -5 should be more than 0"),
        ("{on: page, points: 0}", f"{EARN}.points: 0 should be more than 0"),
        ("{on: page, points: 1.5}", f"{EARN}.points: 1.5 of a bonus should be a whole number"),
        ("{on: page, points: 1000000001}", f"{EARN}.points: is more than 1,000,000,000 points"),
        ("{on: page, points: 1, per: 1}", f"{EARN}.per: is for rates on Order Completed, leave it out"),
        ("{on: page, points: 1, lines: {a: b}}", f"{EARN}.lines: is for rates, which have per, leave it out"),
        ("{on: page, points: 1, first: true}", f"{EARN}.first: is for Order Completed, leave it out"),
        ("{on: Order Completed, points: 1, exclude: [tax]}", f"{EARN}.exclude: is for rates, which have per"),
        ("{on: Order Completed, points: 1, per: 1, limit: {times: 1}}", f"{EARN}.limit: is for bonuses of events"),
        ("{on: Order Completed, points: 1, also: a}", f"{EARN}.also: is for events other than Order Completed"),
        (
            "{on: Order Completed, points: 1, per: 1, exclusive: true}",
            f"{EARN}.exclusive: needs an id, which decides between equal priorities",
        ),
        ("{on: page, points: 1, limit: {within: 1d}}", f"{EARN}.limit: needs times"),
        ("{on: page, points: 1, limit: {times: 0}}", f"{EARN}.limit.times: should be at least 1"),
        ("{on: page, points: 1, limit: {times: 1001, within: 1d}}", f"{EARN}.limit.times: 1001 is more than 1,000"),
        ("{on: $birthday, points: 1}", f"{EARN}: needs trait: $birthday goes by it"),
        ("{on: $birthday, trait: b, points: 1, limit: {times: 1}}", f"{EARN}.limit: is for bonuses of events"),
        ("{on: $birthday, trait: b, points: 1, where: {a: b}}", f"{EARN}.where: is for events, leave it out"),
        ("{on: page, trait: b, points: 1}", f"{EARN}.trait: is for $birthday, leave it out"),
        ("{on: $mission, points: 1}", f"{EARN}: needs orders_in: $mission goes by it"),
        ("{on: $mission, points: 1, orders_in: {}}", f"{EARN}.orders_in: needs exactly one of days, weeks, months"),
        ("{on: $mission, points: 1, orders_in: {months: 1}}", f"{EARN}.orders_in.months: should be at least 2"),
        ("{on: page, points: 1, from: soon}", f"{EARN}.from: 'soon' is no date"),
        ("{on: page, points: 1, from: 2026-02-01, until: 2026-02-01}", f"{EARN}.until: should be later than from"),
        (
            "{on: page, points: 1}, {on: page, points: 2}",
            "loyalty.club.earn[1]: is a bonus on the same as earn[0]",
        ),
        (
            "{on: page, id: a, points: 1}, {on: screen, id: a, points: 2}",
            "loyalty.club.earn[1].id: a is the id of two rules",
        ),
        (
            "{on: Invited, points: 1, also: a}, {on: Invited, id: b, points: 1, also: b}",
            "loyalty.club.earn[1].also: another rule on Invited says a, name the same",
        ),
    ],
)
def test_mistakes(text: str, told: str) -> None:
    found = problems(f"loyalty: {{club: {{earn: [{text}], {TIERS}}}}}")
    assert any(problem.startswith(told) for problem in found), found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "loyalty.club.review: needs at least one sign, or leave it out"),
        ("{points_per_day: 0}", "loyalty.club.review.points_per_day: should be at least 1"),
    ],
)
def test_mistakes_in_reviews(text: str, told: str) -> None:
    found = problems(f"loyalty: {{club: {{review: {text}, earn: [{{on: page, points: 1}}], {TIERS}}}}}")
    assert any(problem.startswith(told) for problem in found), found


def test_an_alias_does_not_earn() -> None:
    body = f"loyalty: {{club: {{earn: [{{on: Rated, points: 1}}], {TIERS}}}}}"
    assert any(
        problem.startswith("loyalty.club.earn[0].on: rules see standard names: Rated is an alias of Product Reviewed")
        for problem in problems(f"events: {{aliases: {{Rated: Product Reviewed}}}}\n{body}")
    )
