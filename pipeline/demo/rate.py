"""How fast a count grows."""

from collections import deque


class Rate:
    """Growth a second over the last `window` seconds."""

    def __init__(self, window: float = 5.0) -> None:
        self._window = window
        self._readings: deque[tuple[float, int]] = deque()

    def read(self, instant: float, count: int) -> float:
        """instant: s, of a clock that never runs back."""
        readings = self._readings
        readings.append((instant, count))
        while len(readings) > 2 and instant - readings[1][0] >= self._window:
            readings.popleft()
        first, before = readings[0]
        return (count - before) / (instant - first) if instant > first else 0.0
