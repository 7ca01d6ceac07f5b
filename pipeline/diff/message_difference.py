"""Which messages two topologies would have sent over one history, each had it been there all the time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipeline.diff.some import Some
from pipeline.domain.decision import MESSAGE_SUPPRESSIONS, MESSAGES, Decision
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper

SENT = "sent"
NOT_ASKED = "not_asked"
"""What became of a message that nothing asked for, or that is not decided yet at the end."""


@dataclass(slots=True)
class MessageDifference:
    """One message. before, after: how many were sent. gained, lost: what one topology sent and the other did not, for
    the same trigger: by what became of it in the other, NOT_ASKED or the reason of its suppression. other_variant: sent
    by both, with another variant."""

    before: int = 0
    after: int = 0
    gained: dict[str, Some] = field(default_factory=dict)
    lost: dict[str, Some] = field(default_factory=dict)
    other_variant: Some = field(default_factory=Some)


Key = tuple[str, str, str, int]
"""Shopper, message, trigger, and which of the channels that it is tried on."""


class MessageComparison:
    """Takes what both sides publish, and keeps of it only what one of them has not decided yet."""

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._undecided: tuple[dict[Key, tuple[str, Any]], dict[Key, tuple[str, Any]]] = ({}, {})
        self._found: dict[str, MessageDifference] = {}

    def side(self, new: bool) -> Callable[[Outcome, Shopper, dict[str, Any] | None], None]:
        """What one side publishes by."""

        def publish(outcome: Outcome, shopper: Shopper, source: dict[str, Any] | None) -> None:
            for decision in outcome.decisions:
                self._take(decision, new)

        return publish

    def differences(self) -> dict[str, MessageDifference]:
        """By message, in order of the name; to be asked for once, at the end."""
        old, new = self._undecided
        for key in sorted(old):
            self._count(key, old[key], (NOT_ASKED, None))
        for key in sorted(new):
            self._count(key, (NOT_ASKED, None), new[key])
        return dict(sorted(self._found.items()))

    def _take(self, decision: Decision, new: bool) -> None:
        fields = decision.fields
        if decision.topic == MESSAGES:
            end = (SENT, fields["variant"])
        elif decision.topic == MESSAGE_SUPPRESSIONS and fields["until"] is None:
            end = (fields["reason"], None)
        else:
            return
        key = (decision.shopper, fields["message"], fields["trigger"], fields["step"])
        other = self._undecided[not new].pop(key, None)
        if other is None:
            self._undecided[new][key] = end
        else:
            self._count(key, *((other, end) if new else (end, other)))

    def _count(self, key: Key, before: tuple[str, Any], after: tuple[str, Any]) -> None:
        shopper, message, _, _ = key
        found = self._found.setdefault(message, MessageDifference())
        (was, one), (becomes, other) = before, after
        found.before += was == SENT
        found.after += becomes == SENT
        if was == becomes == SENT:
            if one != other:
                found.other_variant.add(shopper, self._samples)
        elif becomes == SENT:
            found.gained.setdefault(was, Some()).add(shopper, self._samples)
        elif was == SENT:
            found.lost.setdefault(becomes, Some()).add(shopper, self._samples)
