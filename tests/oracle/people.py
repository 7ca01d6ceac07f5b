"""Who is who, told naively: by one walk over all calls, in the order in which they were received.

Each id leads to another or to itself, as in a union-find. Written from semantics.md, part 2, without a look at how
partitions come to the same.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.oracle.values import instant

Call = dict[str, Any]
Change = tuple[str, str, str, str | None, str | None]
"""(change, device, user, who it was before, why not)."""


@dataclass
class People:
    """devices: of one user at the most. belongs: id -> the user that it is. claimed: event time of the call by which it
    is, ms. known: ids that were users. changes: in order of cause. of_whom: by number of a call, the shopper that it is
    of; what a device did before it was claimed is the user's as well."""

    devices: int
    belongs: dict[str, str] = field(default_factory=dict)
    claimed: dict[str, int] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    of_whom: list[str] = field(default_factory=list)
    _refused: set[tuple[str, str]] = field(default_factory=set)
    _attached: dict[str, set[str]] = field(default_factory=dict)

    def of(self, id: str) -> str:
        """The shopper that an id is."""
        return self.belongs.get(id, id)

    def take(self, call: Call) -> str:
        """Whose the call is."""
        user, device = call.get("userId"), call.get("previousId") or call.get("anonymousId")
        if call.get("type") != "alias" and user is None:
            self.of_whom.append(self.of(str(device)))
            return self.of_whom[-1]
        sender = str(user)
        shopper = self.of(sender)
        self.of_whom.append(shopper)
        if shopper == sender:
            self.known.add(sender)
        if device is not None and device != sender:
            self._claim(str(device), sender, shopper, happened(call))
        return shopper

    def _claim(self, device: str, sender: str, user: str, at: int) -> None:
        if self.of(device) == user or (device, sender) in self._refused:
            return
        former = self.belongs.get(device)
        if former is not None and at <= self.claimed[device]:
            # It may become this one's by a later call, and takes its place.
            if self._against(device, user, former) is None:
                self._attached.setdefault(user, set()).add(device)
            return
        why = self._against(device, user, former)
        if why is not None:
            self._refused.add((device, sender))
            self.changes.append(("refused", device, user, former, why))
            return
        before = [number for number, whose in enumerate(self.of_whom) if whose == device]
        change = "conflict" if former is not None else "merged" if before else "attached"
        self.changes.append((change, device, user, former, None))
        self.belongs[device], self.claimed[device] = user, at
        self._attached.setdefault(user, set()).add(device)
        for number in before:
            self.of_whom[number] = user

    def _against(self, device: str, user: str, former: str | None) -> str | None:
        if former is None and device in self.known:
            return "known"
        attached = self._attached.get(user, set())
        return "limit" if device not in attached and len(attached) >= self.devices else None


def happened(call: Call) -> int:
    """Event time, ms, of a call without `sentAt`."""
    at = instant(call["timestamp"]) or 0
    return min(at, instant(call["receivedAt"]) or at) if "receivedAt" in call else at
