"""What nobody can ever fulfil is refused with the reason, never silently false; what may be fulfilled is not."""

import pytest

from pipeline.config.account import account
from tests.unit.config.builder import condition_problems, problems, topology

RFM = "rfm: {recency: [30, 60, 90, 90], frequency: [1, 2, 4, 5], monetary: [10, 20, 30, 40]}\n"
FIRST = "first: {of: '*', property: $time, within: 30d}"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{count: {of: A, at_least: 5, at_most: 3}}",
         "count: at_least 5 and at_most 3 contradict each other, no number is both"),
        ("{count: {of: A, between: [3, 1]}}", "count: between goes from the smaller to the larger number, swap them"),
        ("{count: {of: A, less_than: 0}}", "count: less_than 0 can never be true, the least there is is 0"),
        ("{count: {of: A, in: []}}", "count.in: needs at least 1"),
        ("{count: {of: A, in: [1, 2], at_least: 3}}",
         "count: in [1, 2] and at_least 3 contradict each other, no number is left"),
        ("{count: {of: A, exactly: 3, is_not: 3}}",
         "count: exactly 3 and is_not 3 contradict each other, no number is left"),
        ("{sum: {of: A, property: x, in: [1, 1.5], not_in: [1, 1.5]}}",
         "sum: in [1, 1.5] and not_in [1, 1.5] contradict each other, no number is left"),
        ("{orders: {between: [1, 2], not_in: [1, 2]}}",
         "orders: not_in [1, 2] and between [1, 2] contradict each other, no number is left"),
        ("{trait: {name: x, is: 1, is_not: 1.0}}", "trait: is and is_not contradict each other, no value is left"),
        ("{trait: {name: x, in: [a, b], not_in: [b, a, c]}}",
         "trait: in and not_in contradict each other, no value is left"),
        ("{trait: {name: x, exists: false, starts_with: a}}",
         "trait: exists: false and starts_with contradict each other, what is missing passes neither"),
        ("{last: {of: A, property: x, within: 0s}}", "last.within: should be longer than 0s"),
        ("{count: {of: A, where: {x: {at_least: 2, at_most: 1}}, at_least: 1}}",
         "count.where.x: at_least 2 and at_most 1 contradict each other, no number is both"),
        ("{count: {of: A, where: {x: {all_of: {is: a, is_not: a}}}, at_least: 1}}",
         "count.where.x.all_of: is and is_not contradict each other, no value is left"),
        ("{sequence: {steps: [{of: A}, {of: B}], within: 0s}}", "sequence.within: should be longer than 0s"),
        ("{count: {of: A, at_least: 1, within: 0s}}", "count.within: a window should be longer than 0s"),
        ("{all: [{count: {of: A, at_least: 5}}, {cart: {items: {at_least: 1}}}, {count: {of: A, at_most: 3}}]}",
         "all[0] and all[2] ask the same count for at_least 5 and at_most 3, which nobody can fulfil"),
        ("{any: [{all: [{spend: {within: 1d, at_least: 9.50}}, {spend: {within: 1d, less_than: 2}}]}]}",
         "any[0]: all[0] and all[1] ask the same spend for at_least 9.50 EUR and less_than 2.00 EUR,"
         " which nobody can fulfil"),
        ("{all: [{orders: {at_least: 1}}, {not: {orders: {at_least: 1}}}]}",
         "all[0] and all[1] are each other's contrary, nobody can fulfil both"),
        ("{all: [{consent: {channel: sms, is: granted}}, {consent: {channel: sms, purpose: marketing, is: denied}}]}",
         "all[0] and all[1] ask the same consent for granted and denied, which nobody can fulfil"),
    ],
)  # fmt: skip
def test_a_condition_that_can_never_be_true_is_refused(written: str, told: str) -> None:
    assert condition_problems(written) == [told]


@pytest.mark.parametrize(
    "written",
    [
        "{count: {of: A, in: [1, 5], at_least: 3}}",
        "{count: {of: A, between: [1, 3], not_in: [1, 2]}}",
        "{trait: {name: x, is: a, in: [b, c]}}",  # of an array [a, b] both hold
        "{trait: {name: x, is: 1, is_not: a}}",
        "{trait: {name: x, exists: false, is_not: a}}",
        "{all: [{count: {of: A, at_least: 5}}, {count: {of: A, within: 1d, at_most: 3}}]}",
        "{all: [{count: {of: A, at_least: 5}}, {count: {of: B, at_most: 3}}]}",
        "{any: [{count: {of: A, at_least: 5}}, {count: {of: A, at_most: 3}}]}",
        "{all: [{orders: {at_least: 1}}, {not: {orders: {at_least: 2}}}]}",
        "{all: [{consent: {channel: sms, is: granted}}, {consent: {channel: sms, is: reduced}}]}",
        "{all: [{consent: {channel: sms, is: granted}}, {consent: {channel: email, is: denied}}]}",
    ],
)
def test_a_condition_that_can_be_true_is_not_refused(written: str) -> None:
    assert condition_problems(written) == []


def test_a_score_that_the_thresholds_leave_no_room_for_is_refused() -> None:
    assert problems(RFM + "segments: {a: {when: {rfm: {recency: [2], frequency: [1]}}}}") == [
        "segments.a.when.rfm.frequency: the thresholds of rfm.frequency lead to no such score, only to 2 3 4 5",
        "segments.a.when.rfm.recency: the thresholds of rfm.recency lead to no such score, only to 1 3 4 5",
    ]
    assert problems(RFM + "segments: {a: {when: {rfm: {recency: [2, 3], frequency: [2], monetary: [1]}}}}") == []


def test_a_hold_that_a_passing_condition_can_never_outlast_is_refused() -> None:
    assert problems(f"segments: {{a: {{when: {{{FIRST}}}, hold: {{enter: 30d}}}}}}") == [
        "segments.a.hold.enter: 30d can never pass: the condition is true for 30d at the most, and never again"
    ]
    assert problems(f"segments: {{a: {{when: {{{FIRST}}}, hold: {{enter: 29d, leave: 60d}}}}}}") == []
    assert problems("segments: {a: {when: {count: {of: A, within: 1h, at_least: 2}}, hold: {enter: 2h}}}") == []


def test_an_abandonment_that_expires_before_its_first_stage_is_refused() -> None:
    told = (
        "no stage is ever sent: the first is due 5d after the last activity, and the instance expires after 4d"
    )  # fmt: skip
    assert problems("abandonment: {cart: {stages: [5d, 1d], expires: 4d}}") == [f"abandonment.cart.expires: {told}"]
    assert problems("abandonment: {cart: {stages: [4d], expires: 4d}}") == []


def test_a_bound_that_everybody_passes_is_remarked() -> None:
    told = account(topology("segments: {a: {when: {all: [{count: {of: A, at_least: 0}}, {orders: {at_least: 1}}]}}}"))
    assert told["remarks"] == ["segments.a: count at_least 0 is always true"]


def test_contradictions_are_told_beside_other_mistakes() -> None:
    told = problems("segments: {a: {when: {}}, b: {when: {all: [{in: c}, {in: b}, {not: {in: b}}]}}}")
    assert [each.split(": ")[0] for each in told] == [
        "segments.a.when", "segments.b.when", "segments.b.when.all[0].in", "segments.b.when.all[1].in",
    ]  # fmt: skip
