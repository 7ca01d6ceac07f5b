"""What was so when, by brute force: every value is worked out anew, over the whole history, at every instant at which
it could change. Nothing of the engine."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Happening(Protocol):
    """An event of a customer's history."""

    @property
    def time(self) -> int: ...


class Watched(NamedTuple):
    """value: (what happened so far, now in ms) -> what is watched. windows: lengths in ms, after which what happened
    may drop out. nothing: the value before anything happened."""

    value: Callable[[list[Any], int], Any]
    windows: tuple[int, ...] = ()
    nothing: Any = False


class Step(NamedTuple):
    """It is `value` from `at` (ms) on. turn: 0 = by time alone, else the place in the history of the event that
    brought it, from 1: at one instant time passes first, then the events happen, one by one."""

    at: int
    turn: int
    value: Any


Timeline = list[Step]


def append(known: list[Any], event: Any) -> None:
    """What an event does to what is known, where nothing is ever taken back."""
    known.append(event)


def timelines(
    history: Sequence[Happening],
    end: int,
    watched: Mapping[str, Watched],
    happen: Callable[[list[Any], Any], None] = append,
) -> dict[str, Timeline]:
    """Every change of each value up to `end` (ms)."""
    found: dict[str, Timeline] = {name: [] for name in watched}
    standing = {name: one.nothing for name, one in watched.items()}
    known: list[Any] = []

    def look(now: int, turn: int, names: Sequence[str]) -> None:
        for name in names:
            value = watched[name].value(known, now)
            if value != standing[name]:
                standing[name] = value
                found[name].append(Step(now, turn, value))

    ends = sorted(
        {
            (event.time + window, name)
            for event in history
            for name, one in watched.items()
            for window in one.windows
            if event.time + window <= end
        },
        reverse=True,
    )
    for turn, event in enumerate(history, 1):
        while ends and ends[-1][0] <= event.time:
            at, name = ends.pop()
            look(at, 0, [name])
        happen(known, event)
        look(event.time, turn, list(watched))
    while ends:
        at, name = ends.pop()
        look(at, 0, [name])
    return found


def damped(steps: Timeline, enter: int, leave: int, end: int) -> Timeline:
    """The membership of a segment whose condition has these steps: it follows after `enter` or `leave` ms in which the
    condition stays so. What ends by time at the very end of the wait has not lasted."""
    found: Timeline = []
    member = truth = False
    since = 0
    for at, turn, value in [*steps, Step(end, 1, None)]:
        due = since + (enter if truth else leave)
        if truth != member and (due < at or (due == at and turn > 0)):
            member = truth
            found.append(Step(due, 0, member))
        truth, since = value, at
        if truth != member and value is not None and not (enter if truth else leave):
            member = truth
            found.append(Step(at, turn, member))
    return found


def joined(begin: Step, parents: Sequence[Timeline], value: Callable[..., bool]) -> Timeline:
    """What is made of other memberships: looked at when the history begins, and when any of them changes."""
    instants = sorted({(begin.at, begin.turn), *((step.at, step.turn) for steps in parents for step in steps)})
    found: Timeline = []
    for at, turn in instants:
        before = [[step.value for step in steps if (step.at, step.turn) <= (at, turn)] for steps in parents]
        truth = value(*(steps[-1] if steps else False for steps in before))
        if truth is not (found[-1].value if found else False):
            found.append(Step(at, turn, truth))
    return found
