"""The way of a message through its channels (docs/rules.md, "Messages")."""

from dataclasses import dataclass
from typing import Any

from tests.oracle import consent, results
from tests.oracle.segments import Facts
from tests.oracle.values import span


@dataclass(eq=False)
class Waiting:
    """A message that was asked for. until: when it is looked at next. order: in which it was asked for. way: the
    channels that are left, the first of them its own, each with how long after an unopened one it comes. before: what
    was sent on earlier channels."""

    name: str
    about: dict[str, Any]
    since: int
    order: int
    way: list[tuple[str, int | None]]
    before: list[results.Sent]
    until: int = 0
    in_window: bool = True
    first_capped: int | None = None
    bought: bool = False
    opened: bool = False

    @property
    def channel(self) -> str:
        return self.way[0][0]


@dataclass(eq=False)
class Pending:
    """A message that was sent, and may go on to another channel. way: those that are left."""

    of: Waiting
    way: list[tuple[str, int | None]]
    sent: list[results.Sent]
    since: int


def channels(entry: dict[str, Any]) -> list[tuple[str, int | None]]:
    """Where a message goes, in order, and how long after one that was not opened."""
    steps = [step.split() for step in entry.get("escalate") or [entry["channel"]]]
    return [(words[0], span(words[2]) if len(words) > 1 else None) for words in steps]


def tells_of(about: dict[str, Any], line: dict[str, Any]) -> bool:
    """Whether what asked for a message is about the same abandonment as another trigger."""
    return [about.get(name) for name in ("kind", "instance")] == [line["kind"], line["instance"]]


def quiet_of(hours: dict[str, Any] | None) -> dict[str, Any] | None:
    """The rest of the day."""
    return hours and {"from": hours.get("latest", "00:00"), "to": hours.get("earliest", "00:00")}


def reachable(channel: str, facts: Facts) -> bool:
    """A contact is a device, a text, or a number that lost its quotes."""
    if channel == "push":
        return bool(consent.devices(facts.records))
    address = facts.traits.get({"email": "email", "sms": "phone"}[channel])
    return bool(address.strip()) if isinstance(address, str) else type(address) is int
