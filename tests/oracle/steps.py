"""What no ladder may do, by the lines of `loyalty-tiers` alone (semantics.md, 10, I1)."""

from itertools import groupby, permutations
from typing import Any

from tests.oracle.oracle import Verdict


def broken_steps(verdict: Verdict, topology: dict[str, Any]) -> list[str]:
    """A member joins once, on the lowest tier; each step is from the tier that is shown, up or down as it says; and
    the profile has where they lead."""
    found = []
    lines = sorted(
        verdict.topics["loyalty-tiers"], key=lambda one: (one["shopper"], one["programme"], one["effective_at"])
    )
    for (shopper, programme), own in groupby(lines, key=lambda one: (one["shopper"], one["programme"])):
        levels = [level["name"] for level in topology["loyalty"][programme]["tiers"]["levels"]]
        shown: str | None = None
        for at, together in groupby(own, key=lambda one: one["effective_at"]):
            # Lines of one instant stand in no order: there has to be one.
            ends = {_through(shown, steps, levels) for steps in permutations(together)} - {None}
            if len(ends) != 1:
                found.append(f"{shopper} {programme}: no steps lead on from {shown} at {at}")
                break
            (shown,) = ends
        tier = verdict.profiles[shopper]["loyalty"][programme]["tier"]
        if tier != shown:
            found.append(f"{shopper} {programme}: the lines lead to {shown}, the profile says {tier}")
    return found


def _through(shown: str | None, steps: tuple[dict[str, Any], ...], levels: list[str]) -> str | None:
    """Where the steps lead in this order; None: nowhere."""
    for step in steps:
        before, after = step["from"], step["to"]
        if before != shown or (step["change"] == "joined") != (shown is None):
            return None
        if step["change"] == "joined" and after != levels[0]:
            return None
        if step["change"] == "upgraded" and not levels.index(before) < levels.index(after):
            return None
        if step["change"] in ("downgraded", "will_downgrade") and not levels.index(before) > levels.index(after):
            return None
        if step["change"] == "renewed" and before != after:
            return None
        shown = before if step["change"] == "will_downgrade" else after
    return shown
