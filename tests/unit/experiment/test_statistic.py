"""Statistics against published values, and against sums that need no formula."""

import math
from statistics import NormalDist

import pytest

from pipeline.experiment.statistic import Interval, critical, difference, fit, proportion, survival


def bounds(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    return round(interval.low, 4), round(interval.high, 4)


@pytest.mark.parametrize(
    "successes, trials, expected",
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
        (29, 29, (0.8830, 1.0)),
    ],
)
def test_wilsons_interval(successes: int, trials: int, expected: tuple[float, float]) -> None:
    assert bounds(proportion(successes, trials, critical(0.95))) == expected


def test_of_no_trials_there_is_no_rate() -> None:
    assert proportion(0, 0, 1.96) is None


@pytest.mark.parametrize(
    "one, other, expected",
    [
        # Newcombe, "Interval estimation for the difference" (1998), table II, method 10.
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ],
)
def test_newcombes_interval(one: tuple[int, int], other: tuple[int, int], expected: tuple[float, float]) -> None:
    z = critical(0.95)
    mine, theirs = proportion(*one, z), proportion(*other, z)
    assert mine is not None
    assert theirs is not None
    assert bounds(difference(mine, theirs)) == expected


@pytest.mark.parametrize(
    "p, degrees, chi_square",
    [
        # Critical values as tables have them.
        (0.05, 1, 3.841459),
        (0.05, 2, 5.991465),
        (0.05, 3, 7.814728),
        (0.001, 1, 10.827566),
        (0.001, 4, 18.466827),
        (0.001, 5, 20.515006),
        (0.01, 10, 23.209251),
        (0.5, 9, 8.342833),
    ],
)
def test_survival_of_chi_square(p: float, degrees: int, chi_square: float) -> None:
    assert survival(chi_square, degrees) == pytest.approx(p, rel=1e-5)


def test_survival_of_one_degree_is_two_tails_of_the_normal() -> None:
    for z in (0.1, 1.0, 2.5, 5.0):
        assert survival(z * z, 1) == pytest.approx(2 * (1 - NormalDist().cdf(z)), rel=1e-6)
    assert survival(0.0, 3) == 1.0
    assert survival(1e6, 7) == 0.0


def test_survival_is_the_integral_of_the_density() -> None:
    for degrees in (1, 2, 3, 6, 7):

        def density(x: float, k: int = degrees) -> float:
            return math.exp((k / 2 - 1) * math.log(x) - x / 2 - math.lgamma(k / 2) - (k / 2) * math.log(2))

        begin, step = 4.0, 0.001
        area = math.fsum(density(begin + (i + 0.5) * step) * step for i in range(80_000))
        assert survival(begin, degrees) == pytest.approx(area, rel=1e-6)


def test_fit_of_counts_to_shares() -> None:
    found = fit([821, 760], [50, 50])
    assert found is not None
    assert (round(found.chi_square, 4), found.degrees) == (2.3536, 1)
    assert found.p == pytest.approx(0.125, abs=0.001)
    even = fit([500, 500], [5_000, 5_000])
    assert even is not None
    assert even.p == 1.0


@pytest.mark.parametrize(
    "counts, shares", [([], []), ([0, 0], [50, 50]), ([7], [100]), ([4, 5], [50, 50]), ([100, 0], [100, 0])]
)
def test_too_few_say_nothing(counts: list[int], shares: list[float]) -> None:
    assert fit(counts, shares) is None


def test_who_has_no_share_and_counts_never_fits() -> None:
    found = fit([100, 1], [100, 0])
    assert found is not None
    assert found.p == 0.0
