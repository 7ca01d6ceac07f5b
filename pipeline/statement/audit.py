"""Whether entries add up: each balance is the one before it and the points that the entry says."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

# Entries that tell of points and move none.
_NOTICES = frozenset({"expiring"})
# Entries that move what is pending; `confirmed` moves it to the balance, `reversed` and `adjusted` what holds the lot,
# `merge` one or the other.
_WAITING = frozenset({"pending", "pending_review"})
_EITHER = frozenset({"reversed", "adjusted", "merge"})


class State(NamedTuple):
    balance: int
    pending: int


NOTHING = State(0, 0)


class Step(NamedTuple):
    """One entry. before: what it moved, as it says itself; None if it does not follow from what was before it."""

    entry: dict[str, Any]
    before: State | None


def statements_of(entries: Iterable[dict[str, Any]], programme: str | None, *, whole: bool) -> dict[str, list[Step]]:
    """Of each programme, or of one alone. whole: nothing was before the first entry."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if programme in (None, entry["programme"]):
            found.setdefault(entry["programme"], []).append(entry)
    return {name: statement(found[name], NOTHING if whole else None) for name in sorted(found)}


def statement(entries: Iterable[dict[str, Any]], opening: State | None = NOTHING) -> list[Step]:
    """The entries of one shopper in one programme in their order, each once, from `opening` on.

    Entries of one instant come in any order and are put into the one in which they add up. opening: None if what was
    before the first is not known; then it is what the first says it was.
    """
    steps: list[Step] = []
    state = opening
    for group in _instants(entries):
        if state is None:
            state = _opening(group)
        for entry in _in_order(group, state):
            steps.append(Step(entry, state if _follows(entry, state) else None))
            state = _after(entry)
    return steps


def faults(steps: Iterable[Step]) -> Iterator[str]:
    """A sentence for each entry that does not add up."""
    state = NOTHING
    for step in steps:
        entry = step.entry
        if step.before is None:
            yield (
                f"{entry['effective_at']} {entry['entry']} {entry['points']:+,} does not lead from balance"
                f" {state.balance:,}, pending {state.pending:,} to balance {entry['balance']:,}, pending"
                f" {entry['pending']:,} (id {entry['id']})"
            )
        state = _after(entry)


def _instants(entries: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Entries of each instant, in order of time; copies by id left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in {entry["id"]: entry for entry in entries}.values():
        found.setdefault(entry["effective_at"], []).append(entry)
    yield from (found[instant] for instant in sorted(found))


def _in_order(group: Sequence[dict[str, Any]], state: State) -> list[dict[str, Any]]:
    """The order in which they add up from `state`; if there is none, as far as they do, and then the others."""
    longest: list[dict[str, Any]] = []
    waiting: list[tuple[State, list[dict[str, Any]], list[dict[str, Any]]]] = [(state, [], list(group))]
    seen: set[tuple[State, frozenset[str]]] = set()
    while waiting:
        now, done, rest = waiting.pop()
        if len(done) > len(longest) or not rest:
            longest = done
        if not rest:
            break
        mark = (now, frozenset(entry["id"] for entry in rest))
        if mark in seen:
            continue
        seen.add(mark)
        for entry in reversed(rest):
            if _follows(entry, now):
                waiting.append((_after(entry), [*done, entry], [one for one in rest if one is not entry]))
    told = {entry["id"] for entry in longest}
    return [*longest, *(entry for entry in group if entry["id"] not in told)]


def _opening(group: Sequence[dict[str, Any]]) -> State:
    """Where the first of them begins: a state from which all of them add up, if there is one."""
    starts = [state for entry in group for state in _before(entry)]
    for state in starts:
        order = _in_order(group, state)
        if _follows(order[0], state) and len(order) == len(group):
            return state
    return starts[0]


def _follows(entry: dict[str, Any], state: State) -> bool:
    return state in _before(entry)


def _after(entry: dict[str, Any]) -> State:
    return State(entry["balance"], entry["pending"])


def _before(entry: dict[str, Any]) -> list[State]:
    """What there may have been before the entry."""
    kind, points, (balance, pending) = entry["entry"], entry["points"], _after(entry)
    if kind in _NOTICES:
        return [State(balance, pending)]
    moved, waited = State(balance - points, pending), State(balance, pending - points)
    if kind in _WAITING:
        return [waited]
    if kind in _EITHER:
        return [moved, waited]
    if kind == "confirmed":
        return [moved, State(balance - points, pending + points)]
    return [moved]
