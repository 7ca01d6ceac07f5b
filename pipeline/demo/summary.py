"""What the demo says in plain lines: while it runs without a terminal, and at its end."""

from collections import Counter
from collections.abc import Iterator

from pipeline.demo.cast import Cast
from pipeline.demo.screen import Vitals
from pipeline.demo.sentence import money
from pipeline.demo.tally import AbandonmentTally, Tally

_TOPICS = {
    "segment-changes": "segment changes",
    "abandonment-triggers": "abandonment triggers",
    "loyalty-tiers": "tier changes",
    "loyalty-points": "points entries",
    "journey-changes": "changes of stage",
    "trait-changes": "changes of traits",
    "consent-changes": "changes of consent",
}
# Told only if there are any: most topologies have none.
_RARE_TOPICS = {
    "redemption-rejected": "redemptions refused",
    "reward-available": "rewards within reach",
    "messages": "messages",
    "message-suppressions": "suppressions",
    "message-results": "results of messages",
    "experiment-exposures": "exposures and conversions",
    "identity-changes": "devices that became somebody's, or did not",
    "erasures": "shoppers forgotten",
}


def progress(tally: Tally, vitals: Vitals, cast: Cast, elapsed: float) -> str:
    """One line. elapsed: s since the start."""
    time = cast.clock(tally.now, "%a %H:%M") if tally.now else "no time yet"
    lag = "?" if vitals.lag is None else f"{vitals.lag:,}"
    return (
        f"{elapsed:4.0f} s  {time}  {tally.events:,} events ({vitals.rate:,.0f}/s)  {len(tally.shoppers):,} shoppers  "
        f"{tally.decided:,} decisions  lag {lag}  {tally.dead_letters.total():,} dead letters"
    )


def summary(tally: Tally, cast: Cast, elapsed: float, first_decision: float | None) -> Iterator[str]:
    """The end, line by line. first_decision: s after the start, None = there was none."""
    yield (
        f"{tally.events:,} events of {len(tally.shoppers):,} shoppers in {elapsed:.0f} s, "
        f"{tally.decided:,} decisions, {tally.dead_letters.total():,} dead letters"
    )
    if first_decision is not None:
        yield f"  first decision after {first_decision:.1f} s"
    if tally.decisions:
        topics = _TOPICS | {topic: name for topic, name in _RARE_TOPICS.items() if tally.decisions[topic]}
        yield "  " + ", ".join(f"{tally.decisions[topic]:,} {name}" for topic, name in topics.items())
    if cast.segments:
        yield "  members now: " + ", ".join(f"{name} {tally.members[name]:,}" for name in cast.segments)
    for name, count in cast.stages.items():
        its = tally.abandonment.get(name, AbandonmentTally())
        sent = " + ".join(f"{its.stages[number]:,}" for number in range(1, count + 1))
        won = money({"amount": its.won, "currency": cast.currency})
        back = f"{its.recovered:,} came back with {won}, {its.retracted:,} reminders taken back"
        yield f"  {name}: {sent} reminders by stage, {back}"
    for programme, levels in cast.tiers.items():
        holders = tally.tiers.get(programme, Counter())
        told = ", ".join(f"{level} {holders[level]:,}" for level in levels)
        yield f"  {programme}: {told}; {tally.points[programme]:,} points"
    for reason, number in sorted(tally.dead_letters.items()):
        yield f"  dead letters, {reason}: {number:,}"
