"""Random households: people and devices whose ids meet, in the order in which a shop sees them."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.oracle.values import instant
from tests.support.road import draw_calls

Call = dict[str, Any]
_IDS = frozenset({"userId", "anonymousId", "previousId"})


@dataclass
class Household:
    """name: of all whose ids may meet. claimed: devices that some user came with. late: whether calls may still come
    under the id of such a device alone."""

    name: str
    random: Random
    late: bool
    claimed: set[str] = field(default_factory=set)

    def draw(self, count: int) -> list[Call]:
        """Calls in received order."""
        calls = sorted(draw_calls(self.random, count), key=received_of)
        told: list[Call] = []
        for number, call in enumerate(calls):
            told.append(self._told({name: value for name, value in call.items() if name not in _IDS}, number))
            if self.random.random() < 0.05:
                again = self.random.choice(told)
                if self.late or again.get("userId") or again.get("anonymousId") not in self.claimed:
                    told.append({**again, "receivedAt": call.get("receivedAt", call["timestamp"])})
        return told

    def _told(self, call: Call, number: int) -> Call:
        """The call as somebody of the household makes it."""
        user, device = f"{self.name}-u{self.random.randint(0, 1)}", f"{self.name}-d{self.random.randint(0, 3)}"
        way, context = self.random.random(), {**call.get("context", {}), "household": self.name}
        call = {**call, "context": context, "messageId": f"{self.name}-m{number}"}
        if way < 0.06 or call.get("type") == "alias":
            self.claimed.add(device)
            alias = {"type": "alias", "previousId": device, "userId": user}
            return alias | {
                name: call[name] for name in ("context", "messageId", "timestamp", "receivedAt") if name in call
            }
        if way < 0.3:
            self.claimed.add(device)
            return {**call, "userId": user, "anonymousId": device}
        if way < 0.7 and (self.late or device not in self.claimed):
            return {**call, "anonymousId": device}
        return {**call, "userId": user}


def received_of(call: Call) -> int:
    """ms."""
    return instant(str(call.get("receivedAt") or call["timestamp"])) or 0


def draw_lines(random: Random, households: int, calls: int, *, late: bool) -> list[tuple[int, bytes]]:
    """(received time, line) of several households, in received order."""
    told = [call for n in range(households) for call in Household(f"h{n}", random, late).draw(calls)]
    return [(received_of(call), json.dumps(call).encode()) for call in sorted(told, key=received_of)]
