"""Aggregates: exact half-open windows, and the next instant at which each changes by itself."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.definition import Aggregate, Bound, Selection
from pipeline.domain.segments.window import LIMIT, Window, keep_for
from pipeline.domain.shopper import Shopper

W = 1_000
MICRO = 1_000_000


def window(function: str, op: str, *values: int, within: int | None = W, prop: bool = True) -> Window:
    path = ("v",) if prop and function != "count" else None
    return Window(Aggregate(function, Selection(("E",)), (Bound(op, values),), within, path))


def fed(one: Window, *events: tuple[int, Any]) -> Shopper:
    shopper = Shopper()
    for at, value in events:
        one.take(shopper, at, {"v": value}, [])
    return shopper


def test_a_count_is_left_exactly_when_the_nth_latest_is_w_old() -> None:
    one = window("count", "at_least", 2)
    shopper = fed(one, (10, 0), (20, 0), (30, 0))
    assert one.look(shopper, 30) == (True, 20 + W)
    assert one.look(shopper, 20 + W - 1) == (True, 20 + W)
    assert one.look(shopper, 20 + W) == (False, 0)


def test_a_count_keeps_no_more_than_its_bounds_can_tell_apart() -> None:
    one = window("count", "at_least", 2)
    shopper = fed(one, *((at, 0) for at in range(100)))
    assert shopper.windows[one.key] == [98, 99]
    assert keep_for((Bound("at_most", (3,)), Bound("more_than", (1,)))) == 4


def test_absence_becomes_true_by_itself() -> None:
    one = window("count", "at_most", 0)
    assert one.look(Shopper(), 5) == (True, 0)
    shopper = fed(one, (10, 0))
    assert one.look(shopper, 10) == (False, 10 + W)
    assert one.look(shopper, 10 + W) == (True, 0)


def test_a_late_event_takes_its_place() -> None:
    one = window("count", "at_least", 2)
    shopper = fed(one, (100, 0), (50, 0))
    assert one.look(shopper, 100) == (True, 50 + W)


def test_elements_of_one_instant_leave_together() -> None:
    one = window("count", "is", 1)
    shopper = fed(one, (10, 0), (10, 0))
    assert one.look(shopper, 10) == (False, 0)


def test_sums_are_exact_decimals() -> None:
    one = window("sum", "at_least", MICRO, within=None)
    shopper = fed(one, *((at, 0.1) for at in range(10)))
    assert one.look(shopper, 10) == (True, 0)


def test_values_that_are_no_numbers_are_skipped() -> None:
    one = window("sum", "is", 3 * MICRO)
    assert one.look(fed(one, (1, "1"), (2, "NaN"), (3, None), (4, [1, True, {"a": 1}, 1])), 5)[0]


@pytest.mark.parametrize("function", ["min", "max", "avg"])
@pytest.mark.parametrize("within", [W, None])
def test_of_nothing_min_max_and_avg_are_false_whatever_is_asked(function: str, within: int | None) -> None:
    for op in ("at_least", "at_most", "is", "is_not"):
        assert window(function, op, 0, within=within).look(Shopper(), 1) == (False, 0)


def test_distinct_counts_a_value_once_with_its_latest_time() -> None:
    one = window("distinct", "at_least", 2)
    shopper = fed(one, (1, "a"), (2, "b"), (3, "a"), (4, ["b", "10"]), (5, 10))
    assert one.look(shopper, 5) == (True, 4 + W)


@pytest.mark.parametrize("function", ["sum", "avg", "min", "max"])
def test_a_full_window_is_read_in_time_that_grows_with_it_not_with_its_square(function: str) -> None:
    """Reading what is left after each element anew took half a second an event, and held up the whole partition."""
    one = window(function, "at_least", MICRO, within=100 * LIMIT)
    shopper = fed(one, *((at, 1 + at % 9) for at in range(LIMIT)))
    begun = time.thread_time()
    holds, change = one.look(shopper, LIMIT)
    assert time.thread_time() - begun < 0.1
    assert holds
    assert change == LIMIT - 1 + 100 * LIMIT


def test_a_window_that_would_grow_without_end_loses_its_oldest_and_says_so() -> None:
    one = window("sum", "at_least", 1)
    shopper, remarks = Shopper(), []
    for at in range(LIMIT + 1):
        one.take(shopper, at, {"v": 1}, remarks)
    assert len(shopper.windows[one.key]) == 2 * LIMIT
    assert remarks == ["window_truncated"]


@settings(max_examples=150, deadline=None)
@given(
    function=st.sampled_from(["count", "sum", "min", "max", "avg", "distinct"]),
    op=st.sampled_from(["at_least", "at_most", "more_than", "less_than", "is", "is_not"]),
    bound=st.integers(-2, 4),
    within=st.sampled_from([5, 20, None]),
    events=st.lists(st.tuples(st.integers(0, 40), st.integers(-2, 3)), max_size=12),
)
def test_truth_and_next_change_equal_a_naive_recomputation(
    function: str, op: str, bound: int, within: int | None, events: list[tuple[int, int]]
) -> None:
    """Given events in any order; at every ms from the latest on, truth is as recomputed, and next change is honest."""
    bound = abs(bound) if function in ("count", "distinct") else bound
    one = window(function, op, bound * (1 if function in ("count", "distinct") else MICRO), within=within)
    shopper = fed(one, *events)

    def naive(now: int) -> bool:
        inside = [value for at, value in events if within is None or now - within < at]
        if function in ("min", "max", "avg") and not inside:
            return False
        total = {
            "count": len(inside), "sum": sum(inside), "min": min(inside, default=0), "max": max(inside, default=0),
            "avg": sum(inside) / max(1, len(inside)), "distinct": len(set(inside)),
        }[function]  # fmt: skip
        return {
            "at_least": total >= bound, "at_most": total <= bound, "more_than": total > bound,
            "less_than": total < bound, "is": total == bound, "is_not": total != bound,
        }[op]  # fmt: skip

    expected_change = 0
    for now in range(80, 39, -1):
        truth, change = one.look(fed(one, *events), now)
        assert truth is naive(now)
        if now < 80 and naive(now) is not naive(now + 1):
            expected_change = now + 1
        assert change == expected_change
    assert one.look(shopper, 40)[0] is naive(40)


def shared(*windows: Window) -> Window:
    kept = windows[0]
    for one in windows[1:]:
        kept = kept.shared_with(one)
    return kept


@settings(max_examples=150, deadline=None)
@given(
    function=st.sampled_from(["count", "distinct"]),
    ops=st.lists(st.tuples(st.sampled_from(["at_least", "at_most", "is", "is_not"]), st.integers(0, 4)), min_size=2),
    within=st.sampled_from([5, 20, None]),
    events=st.lists(st.tuples(st.integers(0, 40), st.integers(-2, 3)), max_size=12),
)
def test_thresholds_that_share_a_window_say_what_each_says_alone(
    function: str, ops: list[tuple[str, int]], within: int | None, events: list[tuple[int, int]]
) -> None:
    windows = [window(function, op, bound, within=within) for op, bound in ops]
    assert len({one.key for one in windows}) == 1
    together = fed(shared(*(window(function, op, bound, within=within) for op, bound in ops)), *events)
    for one in windows:
        alone = fed(one, *events)
        for now in range(40, 80):
            assert one.look(together, now) == one.look(alone, now)
        # and what is cut to the depth of one is what that one would have kept, but for which of values of one age
        state, step = list(together.windows.get(one.key, [])), 2 if function == "distinct" and within else 1
        if one.exceeds(state):
            one.cut(state)
        assert state[::step] == alone.windows.get(one.key, [])[::step]
