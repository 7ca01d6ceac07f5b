"""When a shopper is next to be looked at."""

from pipeline.domain.shopper import Shopper


class StalledTimer(RuntimeError):
    """A rule asked to be woken at an instant and, woken, asked for it again: it would never end."""


def keep_due(shopper: Shopper) -> None:
    """Set `Shopper.due` to the earliest instant that any rule wants to be woken at, 0 if none does."""
    soonest = shopper.segments_due
    due = shopper.abandonment_due
    if due and (due < soonest or not soonest):
        soonest = due
    due = shopper.loyalty_due
    if due and (due < soonest or not soonest):
        soonest = due
    due = shopper.orders_due
    if due and (due < soonest or not soonest):
        soonest = due
    derived, messages = shopper.derived, shopper.messages
    if derived is not None and derived.due and (derived.due < soonest or not soonest):
        soonest = derived.due
    if messages is not None and messages.due and (messages.due < soonest or not soonest):
        soonest = messages.due
    past = shopper.past
    if past is not None and past.expires and (past.expires < soonest or not soonest):
        soonest = past.expires
    shopper.due = soonest
