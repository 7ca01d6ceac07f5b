"""Sequences and holds as written -> what the core takes, and what can't be meant."""

import pytest

from pipeline.config.account import account
from pipeline.domain.definition import Hold, Selection, Sequence, Step
from pipeline.domain.value.instant import DAY, HOUR, MINUTE
from tests.unit.config.builder import condition, condition_problems, problems, topology


def test_a_sequence_has_steps_in_order_and_properties_in_none() -> None:
    # given a sequence whose last step must not have happened
    written = "{sequence: {steps: [{of: B}, {of: [C, A], absent: true}], within: 1d, same: [sku, a.b, sku]}}"

    # then the steps stand as written and the properties, whose order means nothing, sorted
    steps = (Step(Selection(("B",))), Step(Selection(("A", "C")), absent=True))
    assert condition(written) == Sequence(steps, DAY, (("a", "b"), ("sku",)))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{sequence: {within: 1d}}", "sequence: needs steps"),
        ("{sequence: {steps: [{of: A}], within: 1d}}", "sequence.steps: needs at least 2"),
        ("{sequence: {steps: [{of: A}, {of: B}]}}", "sequence: needs within"),
        ("{sequence: {steps: [{of: A}, {of: B}], within: 0s}}", "sequence.within: should be longer than 0s"),
        ("{sequence: {steps: [{of: A}, {of: B}], within: P1M}}", "sequence.within: 'P1M' has no fixed length"),
        (
            "{sequence: {steps: [{of: A, absent: true}, {of: B}], within: 1d}}",
            "sequence.steps[0].absent: only the last step may be absent",
        ),
        ("{sequence: {steps: [{of: A}, {of: B, absent: maybe}], within: 1d}}", "sequence.steps[1].absent: should be"),
        ("{sequence: {steps: [{of: A}, {off: B}], within: 1d}}", "sequence.steps[1].off: unknown key, did you"),
        (
            "{sequence: {steps: [{of: A}, {of: B}], within: 1d, same: [a..b]}}",
            "sequence.same[0]: 'a..b' is no property",
        ),
        (
            "{sequence: {steps: [{of: A}, {of: Viewed Product}], within: 1d}}",
            "sequence.steps[1].of: rules see standard names",
        ),
        (f"{{sequence: {{steps: [{', '.join(['{of: A}'] * 9)}], within: 1d}}}}", "sequence.steps: "),
    ],
)
def test_what_no_sequence_can_be_is_told(written: str, told: str) -> None:
    found = condition_problems(written)
    assert any(problem.startswith(told) for problem in found), found


def test_a_hold_damps_and_is_part_of_the_meaning() -> None:
    # given one condition without a hold, with one, and with one that waits longer
    body = "segments: {a: {when: {orders: {at_least: 1}}%s}}"
    plain, held, longer = (
        topology(body % hold).plan().segments[0] for hold in ("", ", hold: {enter: 10m}", ", hold: {enter: 1h}")
    )

    # then they mean three things
    assert (plain.hold, held.hold, longer.hold) == (None, Hold(enter=10 * MINUTE), Hold(enter=HOUR))
    assert len({plain.identity, held.identity, longer.identity}) == 3
    assert plain.when == held.when == longer.when


def test_a_hold_that_holds_nothing_is_refused() -> None:
    body = "segments: {a: {when: {orders: {at_least: 1}}, hold: {enter: 0s}}}"
    assert problems(body) == ["segments.a.hold: holds nothing back, give enter or leave a duration or leave hold out"]


def test_check_remarks_on_a_property_that_an_event_has_only_of_its_products() -> None:
    # given the same product wanted of a view and of an order, and of a view and a cart edit
    steps = "{steps: [{of: Product Viewed}, {of: %s, absent: true}], within: 1d, same: [product_id, session]}"
    body = "segments: {a: {when: {not: {sequence: %s}}}, b: {when: {sequence: %s}}}"
    told = account(topology(body % (steps % "Order Completed", steps % "Product Added")))["remarks"]

    # then only the order is remarked on
    assert told == [
        "segments.a: Order Completed names its products in a list, so it has no product_id of its own and is no step"
        " of a sequence with the same product_id"
    ]
