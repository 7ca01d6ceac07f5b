"""`tier`, `points` and `consent`: conditions on what a programme, or what was said of consent, has come to.

Loyalty asks no conditions. So it comes first at each instant, and conditions see what an order or a timer made of it.
"""

from collections.abc import Callable

from pipeline.domain.consent_definition import ConsentNow
from pipeline.domain.segments.consent import compile_consent
from pipeline.domain.shopper import Shopper
from pipeline.domain.standing_definition import Points, Tier
from pipeline.domain.value.operator import compile_bounds, compile_tests

Look = Callable[[Shopper, int], tuple[bool, int]]


def compile_standing(condition: Tier | Points | ConsentNow) -> Look:
    """(shopper, now in ms) -> (true now?, when that may next change by itself; 0 = never)."""
    match condition:
        case Tier():
            return compile_tier(condition)
        case Points():
            return compile_points(condition)
    return compile_consent(condition)


def tier_of(condition: Tier, shopper: Shopper) -> str | None:
    """The tier held, None of a shopper who has not joined."""
    standing = shopper.standings.get(condition.name)
    if standing is None or standing.level < 0 or condition.programme is None:
        return None
    levels = condition.programme.levels
    return levels[min(standing.held, len(levels) - 1)].name


def balance_of(condition: Points, shopper: Shopper) -> int:
    standing = shopper.standings.get(condition.name)
    return 0 if standing is None else standing.balance


def compile_tier(condition: Tier) -> Look:
    """(shopper, now in ms) -> (true now?, when that may next change by itself; 0 = never): as the programme's own timer
    fires. Raises ValueError if the condition has no programme."""
    if condition.programme is None:
        raise ValueError("a condition on a tier needs a loyalty programme")
    check = compile_tests(condition.tests)

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        tier = tier_of(condition, shopper)
        standing = shopper.standings.get(condition.name)
        due = 0 if standing is None else standing.next_due()
        return check([] if tier is None else [tier], now), due if due > now else 0

    return look


def compile_points(condition: Points) -> Look:
    """As `compile_tier`: time alone changes the balance as points are confirmed or expire."""
    truth = compile_bounds(condition.bounds)

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        standing = shopper.standings.get(condition.name)
        due = 0 if standing is None else standing.points_due()
        return truth(balance_of(condition, shopper)), due if due > now else 0

    return look
