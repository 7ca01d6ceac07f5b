"""How often a rule may grant points: no span holds more grants than the limit, in whatever order events arrive."""

from itertools import pairwise
from random import Random

import pytest

from pipeline.domain.loyalty.limit import SPARE, admits, remember, rule_key
from pipeline.domain.loyalty_definition import EarnRule, Limit


def granted(times: list[int], limit: Limit) -> list[int]:
    """The event times that were granted, in order of arrival."""
    book: list[int] = []
    found = []
    for at in times:
        if admits(book, at, limit):
            book = remember(book, at, limit)
            found.append(at)
    return found


@pytest.mark.parametrize(
    ("times", "limit", "expected"),
    [
        ([5, 5, 9], Limit(1), [5]),
        ([5, 5, 9], Limit(2), [5, 5]),
        ([0, 99, 100, 199, 200], Limit(1, 100), [0, 100, 200]),
        ([0, 1, 2, 100, 101], Limit(2, 100), [0, 1, 100, 101]),
        ([100, 1, 200, 0], Limit(1, 100), [100, 200, 0]),
        ([0, 150, 60], Limit(1, 100), [0, 150]),
        ([0, 150, 75, 80], Limit(2, 100), [0, 150, 75]),
    ],
)
def test_grants_within_a_limit(times: list[int], limit: Limit, expected: list[int]) -> None:
    assert granted(times, limit) == expected


def test_without_a_limit_nothing_is_remembered() -> None:
    assert admits([], 5, None)
    assert remember([], 5, None) == []


@pytest.mark.parametrize("seed", range(20))
def test_no_span_holds_more_and_no_grant_is_refused_for_nothing(seed: int) -> None:
    random = Random(seed)
    limit = Limit(random.randint(1, 4), random.randint(1, 60))
    assert limit.within is not None
    times = [random.randint(0, 200) for _ in range(random.randint(1, limit.times + SPARE))]
    kept = granted(times, limit)

    def holds(instants: list[int]) -> bool:
        ordered = sorted(instants)
        return all(b - a >= limit.within for a, b in zip(ordered, ordered[limit.times :], strict=False))  # type: ignore[operator]

    assert holds(kept)
    refused, so_far = [], []
    for at in times:
        if len(so_far) < len(kept) and kept[len(so_far)] == at:
            so_far.append(at)
        else:
            refused.append(at)
            assert not holds([*so_far, at])
    assert len(refused) + len(kept) == len(times)


def test_what_is_older_than_all_that_is_remembered_is_one_too_many() -> None:
    limit = Limit(1, 10)
    book: list[int] = []
    for at in range(1_000, 1_000 + 10 * (SPARE + 5), 10):
        book = remember(book, at, limit)
    assert len(book) == 1 + SPARE
    assert all(b - a == 10 for a, b in pairwise(book))
    assert not admits(book, 0, limit)


def test_another_limit_or_other_points_go_on_counting() -> None:
    rule = EarnRule("Product Reviewed", 50_000_000, limit=Limit(1))
    assert rule_key(rule) == rule_key(EarnRule("Product Reviewed", 60_000_000, limit=Limit(2), end=9))
    assert rule_key(rule) != rule_key(EarnRule("Product Reviewed", 50_000_000, id="review"))
    assert rule_key(rule) != rule_key(EarnRule("Photo Added", 50_000_000))
