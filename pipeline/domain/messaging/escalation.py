"""Escalation: a message goes on to the next channel where it cannot be sent, fails, or is not opened in time.

Each step is a candidate of its own, of the same trigger, and asks only when it is its turn: one whose turn does not
come never asked, and there is no line of it.
"""

from pipeline.domain.correspondence import Candidate, Correspondence, Escalation
from pipeline.domain.decision import leading_bits
from pipeline.domain.message_definition import MessageDefinition
from pipeline.domain.messaging.suppression import CONSENT, UNREACHABLE
from pipeline.domain.value.instant import DAY

OPENED = frozenset({"Message Opened", "Message Clicked"})
"""Events by which an escalation ends."""

# How long the failure of a message is waited for that goes on for nothing else.
FAILS_WITHIN = DAY

_GOES_ON = frozenset({CONSENT, UNREACHABLE})


def after_refusal(definition: MessageDefinition, candidate: Candidate, reason: str, now: int) -> Candidate | None:
    """What asks on the next channel instead of a candidate that was not sent for that reason, None = nothing."""
    opened = candidate.escalation is not None and candidate.escalation.opened
    if reason not in _GOES_ON or opened or candidate.step >= len(definition.further):
        return None
    return _on(candidate, candidate.step + 1, now)


def after_sending(definition: MessageDefinition, candidate: Candidate, message_id: str, now: int) -> Candidate | None:
    """What waits for the opening of a message that was sent at `now`, None = it is the last."""
    step = candidate.step
    if step >= len(definition.further):
        return None
    spans = [one.after for one in definition.further[step:] if one.after is not None]
    waiting = _on(candidate, step, now + (spans[0] if spans else FAILS_WITHIN))
    waiting.escalation = Escalation(step, [*_sent(candidate), leading_bits(message_id)], waits=True)
    return waiting


def after_waiting(definition: MessageDefinition, candidate: Candidate, now: int) -> Candidate | None:
    """What asks as a message was not opened in time, None = nothing."""
    for step in range(candidate.step, len(definition.further)):
        if definition.further[step].after is not None:
            return _on(candidate, step + 1, now)
    return None


def after_failure(kept: Correspondence, message_id: int, now: int) -> Candidate | None:
    """What asks instead of a message that was not sent after all, None if nothing waits for it. message_id: its leading
    64 bits."""
    for candidate in kept.candidates:
        if candidate.waits and _sent(candidate)[-1] == message_id:
            kept.candidates.remove(candidate)
            return _on(candidate, candidate.step + 1, now)
    return None


def end_by_opening(kept: Correspondence, message_id: int) -> None:
    """End the escalation that a message is of: what waits goes, what has asked will not be sent."""
    for candidate in list(kept.candidates):
        if message_id in _sent(candidate):
            if candidate.waits:
                kept.candidates.remove(candidate)
            elif candidate.escalation is not None:
                candidate.escalation.opened = True


def _sent(candidate: Candidate) -> list[int]:
    return [] if candidate.escalation is None else candidate.escalation.sent


def _on(candidate: Candidate, step: int, until: int) -> Candidate:
    return Candidate(
        candidate.message,
        candidate.trigger,
        candidate.since,
        until,
        contends=False,
        about=candidate.about,
        undone=candidate.undone,
        payload=candidate.payload,
        escalation=Escalation(step, _sent(candidate)),
    )
