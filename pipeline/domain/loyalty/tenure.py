"""Tenure: what is kept of a standing beside its level, where a programme or somebody asks for it."""

from collections.abc import Iterable

from pipeline.domain.shopping import Standing, Tenure

# Changes of level that are remembered, for the multiplier of orders that arrive late.
HISTORY = 16


def tenure_of(standing: Standing) -> Tenure:
    """The standing's tenure, made if there was none."""
    if standing.tenure is None:
        standing.tenure = Tenure()
    return standing.tenure


def is_locked(standing: Standing) -> bool:
    return standing.tenure is not None and standing.tenure.locked >= 0


def floor_of(standing: Standing) -> int:
    """The level that a grant holds the shopper on, 0 of none: the metric takes nothing below it."""
    return max(0, standing.tenure.granted) if standing.tenure is not None else 0


def remember(standing: Standing, level: int, now: int) -> None:
    """Note that the shopper is on `level` from `now` on."""
    standing.history = [*standing.history, now, level][-2 * HISTORY :]


def level_at(standing: Standing, instant: int) -> int:
    """The level held at `instant`; before what is remembered (HISTORY changes), the oldest level remembered."""
    history = standing.history
    if not history or (not is_locked(standing) and instant >= max(standing.since, history[-2])):
        return standing.held
    for at in range(len(history) - 2, -1, -2):
        if history[at] <= instant:
            return history[at + 1]
    return history[1]


def next_notice(standing: Standing, notices: Iterable[int]) -> int:
    """When the next notice before the review is due, ms; 0 = none. Each is told or missed once its instant passed."""
    if not standing.valid_until or standing.grace_until:
        return 0
    noticed = standing.tenure.noticed if standing.tenure is not None else 0
    instants = (standing.valid_until - notice for notice in notices)
    return min((instant for instant in instants if instant > noticed), default=0)


def own_dues(standing: Standing) -> tuple[int, int]:
    """When a grant and a lock end, ms; 0 = never."""
    tenure = standing.tenure
    if tenure is None:
        return 0, 0
    return tenure.granted_until if tenure.granted >= 0 else 0, tenure.locked_until if tenure.locked >= 0 else 0
