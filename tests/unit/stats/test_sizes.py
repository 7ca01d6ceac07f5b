"""Summaries of sizes."""

import random

from pipeline.stats.sizes import Sizes


def sizes(*values: int) -> Sizes:
    made = Sizes()
    for value in values:
        made.add(value)
    return made


def test_a_summary_is_what_sorting_says() -> None:
    random.seed(1)
    values = [random.randrange(500) for _ in range(1_000)]
    ordered = sorted(values)
    assert sizes(*values).summary() == (1_000, sum(values), ordered[500], ordered[990], ordered[-1])


def test_nothing_has_no_size() -> None:
    assert sizes().summary() == (0, 0, 0, 0, 0)


def test_merged_are_those_of_both() -> None:
    both = sizes(1, 2)
    both.merge(sizes(2, 90))
    assert both.summary() == sizes(1, 2, 2, 90).summary()
