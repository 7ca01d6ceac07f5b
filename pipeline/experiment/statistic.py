"""Statistics of proportions, in plain formulas.

Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). Newcombe, "Interval
estimation for the difference between independent proportions", Statistics in Medicine 17 (1998), method 10. Survival of
chi-square: Abramowitz and Stegun, 26.4.4 and 26.4.5.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

LEAST_EXPECTED = 5.0
"""Below so many expected in one arm chi-square says nothing (Cochran, "Some methods for strengthening the common
chi-square tests", 1954)."""


class Interval(NamedTuple):
    """An estimate, and the bounds in which the true value lies with the confidence asked for."""

    estimate: float
    low: float
    high: float


class Fit(NamedTuple):
    """How well counts fit their shares. p: the probability of such a misfit, or a worse one, by chance."""

    chi_square: float
    degrees: int
    p: float


def critical(confidence: float) -> float:
    """The z within which a normal variable lies with that probability, as 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def proportion(successes: int, trials: int, z: float) -> Interval | None:
    """Wilson's score interval; None of no trials."""
    if not trials:
        return None
    rate, square = successes / trials, z * z / trials
    middle = (rate + square / 2) / (1 + square)
    half = z * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials)) / (1 + square)
    low = 0.0 if not successes else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(rate, low, high)


def difference(one: Interval, other: Interval) -> Interval:
    """Of two independent proportions, `one` less `other`: Newcombe's hybrid of their score intervals."""
    between = one.estimate - other.estimate
    low = between - math.hypot(one.estimate - one.low, other.high - other.estimate)
    high = between + math.hypot(one.high - one.estimate, other.estimate - other.low)
    return Interval(between, low, high)


def survival(chi_square: float, degrees: int) -> float:
    """The probability that a chi-square of so many degrees of freedom is larger."""
    if chi_square <= 0:
        return 1.0
    half = chi_square / 2
    if degrees % 2:
        terms = [math.exp((i + 0.5) * math.log(half) - half - math.lgamma(i + 1.5)) for i in range((degrees - 1) // 2)]
        return min(1.0, math.erfc(math.sqrt(half)) + math.fsum(terms))
    terms = [math.exp(i * math.log(half) - half - math.lgamma(i + 1)) for i in range(degrees // 2)]
    return min(1.0, math.fsum(terms))


def fit(counts: Sequence[int], shares: Sequence[float]) -> Fit | None:
    """Pearson's test of counts against shares, which may make any sum. None if there are too few of them, or just one
    share; what has no share and still counts fits never."""
    total, whole = sum(counts), sum(shares)
    if not total or not whole:
        return None
    if any(count and not share for count, share in zip(counts, shares, strict=True)):
        return Fit(math.inf, len(counts) - 1, 0.0)
    pairs = [(count, total * share / whole) for count, share in zip(counts, shares, strict=True) if share]
    if len(pairs) < 2 or min(expected for _, expected in pairs) < LEAST_EXPECTED:
        return None
    chi_square = math.fsum((count - expected) ** 2 / expected for count, expected in pairs)
    return Fit(chi_square, len(pairs) - 1, survival(chi_square, len(pairs) - 1))
