"""Pace: when, in real time, a simulated instant is there."""

import time
from threading import Event as Flag


class Pace:
    """start: simulated ms at real time origin (ms since the epoch). speed: simulated seconds a real one."""

    # Short sleeps are long ones to the system: rather some calls at once, some hundred times a second.
    _SHORTEST = 0.005

    def __init__(self, start: int, speed: float, origin: int, stop: Flag) -> None:
        self._start, self._speed, self._stop = start, speed, stop
        self._began = time.monotonic() - (time.time() - origin / 1000)

    def wait(self, instant: int) -> bool:
        """Until the simulated instant (ms) is there; False if it was stopped."""
        ahead = self._began + (instant - self._start) / 1000 / self._speed - time.monotonic()
        return not (self._stop.wait(ahead) if ahead > self._SHORTEST else self._stop.is_set())
