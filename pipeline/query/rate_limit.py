"""How often each key may ask."""

import time
from collections.abc import Callable

_BURST = 2.0


class RateLimit:
    """A bucket for each key: `rate` requests a second, and twice as many at once. Of one event loop; it holds as many
    buckets as there are keys. clock: seconds, going forward only."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: dict[bytes, tuple[float, float]] = {}

    def wait(self, key: bytes) -> float:
        """0 if it may ask now, which counts; else seconds until it may."""
        now, most = self._clock(), _BURST * self._rate
        left, then = self._buckets.get(key, (most, now))
        left = min(most, left + (now - then) * self._rate)
        if left < 1:
            self._buckets[key] = left, now
            return (1 - left) / self._rate
        self._buckets[key] = left - 1, now
        return 0.0
