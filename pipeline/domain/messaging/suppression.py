"""Suppressions: the lines of `message-suppressions` (topology.md, "Outputs"), each a message that is not sent now."""

from pipeline.domain.correspondence import Candidate
from pipeline.domain.decision import MESSAGE_SUPPRESSIONS, Moment

CONSENT, UNREACHABLE, HOLDOUT = "consent", "unreachable", "holdout"
EXCLUSION, RECENT_PURCHASE = "exclusion", "recent_purchase"
LOWER_PRIORITY, CAP, QUIET_HOURS, EXPIRED = "lower_priority", "cap", "quiet_hours", "expired"

REMOVED = "removed"
"""The definition of a message that is in the topology no more."""


def suppress(moment: Moment, definition: str, channel: str, candidate: Candidate, reason: str) -> None:
    """The one line with which a candidate ends that becomes no message. channel: "" of one that is known no more."""
    _tell(moment, "message.suppressed", definition, channel, candidate, reason, 0)


def defer(moment: Moment, definition: str, channel: str, candidate: Candidate, reason: str, until: int) -> None:
    """Let a candidate wait, until an instant in ms, and say so."""
    candidate.until, candidate.contends = until, False
    candidate.notices += 1
    _tell(moment, "message.deferred", definition, channel, candidate, reason, until)


def _tell(
    moment: Moment, type: str, definition: str, channel: str, candidate: Candidate, reason: str, until: int
) -> None:
    fields = {
        "message": candidate.message,
        "channel": channel or None,
        "step": candidate.step + 1,
        "trigger": candidate.trigger,
        "reason": reason,
        "until": until or None,
    }
    number = candidate.notices if until else 0
    name, trigger, *step = candidate.identity
    moment.decide(MESSAGE_SUPPRESSIONS, type, definition, (name, trigger, number, *step), fields)
