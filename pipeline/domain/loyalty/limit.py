"""How often a rule may grant points (readings.md, 43), and what is remembered to tell."""

from bisect import bisect_left, insort

import msgspec
import xxhash

from pipeline.domain.loyalty_definition import EarnRule, Limit

# Grants remembered beyond `times`, so that events that arrive late find those of their own time.
SPARE = 16


def admits(granted: list[int], at: int, limit: Limit | None) -> bool:
    """Whether one more grant at event time `at` (ms) keeps to the limit: no `within` may hold more than `times`.

    granted: what `remember` made. An event older than all that is remembered, where some had to be forgotten, is one
    too many.
    """
    if limit is None:
        return True
    if limit.within is None:
        return not granted or granted[0] < limit.times
    times, within = limit.times, limit.within
    if len(granted) == times + SPARE and at < granted[0]:
        return False
    near = [one for one in granted if -within < one - at < within]
    where = bisect_left(near, at)
    near.insert(where, at)
    # Any `times` + 1 grants in a row that hold this one must take `within` or longer.
    first = max(0, where - times)
    return all(near[i + times] - near[i] >= within for i in range(first, min(where, len(near) - 1 - times) + 1))


def remember(granted: list[int], at: int, limit: Limit | None) -> list[int]:
    """`granted` with one more: event times (ms) in order, of a rule without `within` their number alone."""
    if limit is None:
        return granted
    if limit.within is None:
        return [granted[0] + 1 if granted else 1]
    granted = [*granted]
    insort(granted, at)
    return granted[-(limit.times + SPARE) :]


def rule_key(rule: EarnRule) -> int:
    """32-bit name under which is kept what the rule granted: of its id, else of what it is about. So another limit, or
    other points, go on counting."""
    about = rule.id or (rule.on, rule.where, rule.first, rule.mission, rule.trait)
    return xxhash.xxh32_intdigest(msgspec.json.encode(("earn", about), order="deterministic"))
