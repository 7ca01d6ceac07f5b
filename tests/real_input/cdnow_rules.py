"""What cdnow.topology.yaml asks of the CDNOW customers, in plain code over their purchases. Nothing of the engine."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.real_input.cdnow import ZONE, Purchase
from tests.real_input.timeline import Step, Timeline, Watched, damped, joined, timelines

DAY = 86_400_000
RECENCY, FREQUENCY, MONETARY = (60, 150, 300, 420), (2, 3, 4, 6), (20_00, 40_00, 80_00, 160_00)

Known = list[Purchase]


def within(known: Known, now: int, days: int) -> Known:
    """Those of the last days; one exactly so old is out."""
    return [one for one in known if one.time > now - days * DAY]


def cents(known: Known) -> int:
    return sum(one.cents for one in known)


def scores(known: Known, now: int) -> tuple[int, int, int] | None:
    """Recency, frequency, monetary; none of nothing."""
    if not known:
        return None
    elapsed = now - max(one.time for one in known)
    return (
        5 - sum(elapsed >= days * DAY for days in RECENCY),
        1 + sum(len(known) >= count for count in FREQUENCY),
        1 + sum(cents(known) >= money for money in MONETARY),
    )


def champion(known: Known, now: int) -> bool:
    found = scores(known, now)
    return found is not None and min(found) >= 4


def lost(known: Known, now: int) -> bool:
    found = scores(known, now)
    return found is not None and found[0] <= 2


def stage(known: Known, now: int) -> str:
    if len(known) == 1 and within(known, now, 90):
        return "newcomer"
    if within(known, now, 60):
        return "active"
    return "at_risk" if within(known, now, 180) else "lapsed"


def small_baskets(known: Known, now: int) -> bool:
    of_late = within(known, now, 180)
    return bool(of_late) and cents(of_late) < 15_00 * len(of_late)


def came_back(known: Known, now: int) -> bool:
    """Equal times are not in order; exactly at the end of the span is inside."""
    return any(one.time < other.time <= one.time + 14 * DAY for one in known for other in known)


def stayed_away(known: Known, now: int) -> bool:
    span = 180 * DAY
    return any(
        now >= one.time + span and not any(one.time < other.time <= one.time + span for other in known) for one in known
    )


def days(*numbers: int) -> tuple[int, ...]:
    return tuple(number * DAY for number in numbers)


CONDITIONS = {
    "repeat-buyers": Watched(lambda known, now: len(within(known, now, 30)) >= 2, days(30)),
    "big-spenders": Watched(lambda known, now: cents(within(known, now, 90)) >= 100_00, days(90)),
    "slipping": Watched(
        lambda known, now: cents(within(known, now, 365)) >= 200_00 and not within(known, now, 120), days(365, 120)
    ),
    "one-time-buyers": Watched(lambda known, now: len(known) == 1 and not within(known, now, 90), days(90)),
    "recent": Watched(lambda known, now: bool(within(known, now, 45)), days(45)),
    "newcomers": Watched(lambda known, now: min(one.time for one in known) > now - 30 * DAY, days(30)),
    "collectors": Watched(lambda known, now: sum(one.cds for one in within(known, now, 180)) >= 10, days(180)),
    "big-baskets": Watched(lambda known, now: any(one.cents >= 100_00 for one in within(known, now, 60)), days(60)),
    "small-baskets": Watched(small_baskets, days(180)),
    "free-lunch": Watched(lambda known, now: any(one.cents < 1_00 for one in within(known, now, 180)), days(180)),
    "came-back": Watched(came_back),
    "stayed-away": Watched(stayed_away, days(180)),
    "loyal": Watched(lambda known, now: len(within(known, now, 90)) >= 3, days(90)),
    "champions": Watched(champion, days(*RECENCY)),
    "lost": Watched(lost, days(*RECENCY)),
    "wavering": Watched(lambda known, now: stage(known, now) == "at_risk", days(60, 90, 180)),
    "frequent": Watched(lambda known, now: len(within(known, now, 90)) >= 4, days(90)),
}
DERIVED = {
    "stage": Watched(stage, days(60, 90, 180), nothing=None),
    "orders-90d": Watched(lambda known, now: len(within(known, now, 90)), days(90), nothing=0),
    "cds-a-year": Watched(lambda known, now: sum(one.cds for one in within(known, now, 365)), days(365), nothing=0),
}
SEGMENTS = (*CONDITIONS, "loyal-no-champions")


def midnight(at: int) -> int:
    """The first beginning of a day in the shop's zone at or after `at`, ms."""
    local = datetime.fromtimestamp(at // 1000, ZONE)
    begin = datetime(local.year, local.month, local.day, tzinfo=ZONE)
    if round(begin.timestamp()) * 1000 < at:
        begin += timedelta(days=1)
    return round(begin.timestamp()) * 1000


def daily(steps: Timeline, end: int) -> Timeline:
    """The value that stands as a day ends, where it is another than the one before: what happens at that very instant
    belongs to the next day."""
    found: Timeline = []
    for at in sorted({midnight(step.at + (step.turn > 0)) for step in steps}):
        value = [step.value for step in steps if (step.at, step.turn) <= (at, 0)][-1]
        if at <= end and value != (found[-1].value if found else 0):
            found.append(Step(at, 0, value))
    return found


class Customer(NamedTuple):
    """segments: memberships. stages, traits: as they are told."""

    segments: dict[str, Timeline]
    stages: Timeline
    traits: dict[str, Timeline]


def follow(history: Sequence[Purchase], end: int) -> Customer:
    """All that is to be told of a customer up to `end` (ms)."""
    found = timelines(history, end, CONDITIONS | DERIVED)
    stages, orders, cds = (found.pop(name) for name in DERIVED)
    found["loyal"] = damped(found["loyal"], 7 * DAY, 30 * DAY, end)
    begin = Step(history[0].time, 1, None)
    rule: Callable[..., bool] = lambda loyal, champions: loyal and not champions  # noqa: E731
    found["loyal-no-champions"] = joined(begin, [found["loyal"], found["champions"]], rule)
    return Customer(found, stages, {"orders-90d": orders, "cds-a-year": daily(cds, end)})


def at_the_end(history: Sequence[Purchase], end: int) -> dict[str, Any]:
    """What a profile shows besides segments."""
    known = list(history)
    recency, frequency, monetary = scores(known, end) or (None, None, None)
    return {
        "stage": stage(known, end),
        "rfm": {"recency": recency, "frequency": frequency, "monetary": monetary},
        "computed": {name: DERIVED[name].value(known, end) for name in ("orders-90d", "cds-a-year")},
        "orders": Counter(count=len(known), cents=cents(known)),
    }
