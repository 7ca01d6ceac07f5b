"""Which partitions this worker has, and who has the others: asked of the shopper agent beside."""

import http.client
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from pipeline.observability.endpoint import Answer, get

_TIMEOUT = 2.0
# Seconds for which an answer holds: a rebalance takes longer.
_HOLDS = 1.0


class Placement(msgspec.Struct, frozen=True):
    """stages: of the partitions that this worker has; those of `open` take batches. owners: URL of the query API that
    has each other partition, as far as workers say theirs."""

    stages: dict[int, str] = {}
    open: frozenset[int] = frozenset()
    owners: dict[int, str] = {}


class AgentSilent(Exception):
    """The shopper agent does not answer: it is starting, or busy."""


_decode = msgspec.json.Decoder(Placement).decode
_encode = msgspec.json.Encoder().encode

PATH = "/partitions"


def placement_answer(placement: Placement) -> Answer:
    """What the agent says on PATH."""
    return Answer(200, "application/json", _encode(placement))


class Placements:
    """socket: of the agent. One thread."""

    def __init__(self, socket: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._socket = socket
        self._clock = clock
        self._asked: float | None = None
        self._found = Placement()

    def now(self) -> Placement:
        """At most a second old. Raises AgentSilent."""
        if self._asked is None or self._clock() - self._asked >= _HOLDS:
            try:
                self._found = _decode(get(self._socket, PATH, _TIMEOUT).body)
            except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
                self._asked = None
                raise AgentSilent from error
            self._asked = self._clock()
        return self._found
