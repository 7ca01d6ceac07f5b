"""Damping: a segment follows its condition only after the condition has stayed so (topology.md; readings.md, 2, 21)."""

from typing import Any

from tests.oracle.values import span


class Hold:
    """since: when the condition began to differ from the membership, None while they agree."""

    def __init__(self, form: dict[str, Any]) -> None:
        self.enter = span(form.get("enter", 0))
        self.leave = span(form.get("leave", 0))
        self.since: int | None = None

    def damped(self, member: bool, truth: bool, now: int) -> bool:
        """Whether the shopper is a member from now on."""
        if truth == member:
            self.since = None
            return member
        if self.since is None:
            self.since = now
        if now < self.since + (self.enter if truth else self.leave):
            return member
        self.since = None
        return truth

    def due(self, member: bool) -> int | None:
        """When the wait is over."""
        return None if self.since is None else self.since + (self.leave if member else self.enter)
