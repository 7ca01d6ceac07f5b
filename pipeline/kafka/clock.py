"""What time the brokers have: the one clock that may move time where no records come (architecture.md, "Time")."""

import time
from typing import NamedTuple, Protocol

_PLAUSIBLE = 946_684_800_000  # 2000-01-01


class Clock(Protocol):
    """The time that a received time of now would carry."""

    def at(self, instant: float) -> int:
        """ms since the epoch at an instant of `time.monotonic`, in seconds; 0 = not known yet. Never too late."""
        ...

    def observe(self, append_time: int | None) -> None:
        """A delivery report came: the append time that the broker gave, ms; None = this broker does not stamp."""
        ...


class BrokersClock:
    """Brokers' time: the append time in the last delivery report, plus the monotonic time since.

    A report reaches us after the append, so this lags the broker's clock and never leads it. Where brokers do not
    stamp, `fallback` is taken.
    """

    def __init__(self, fallback: "WorkerClock | None" = None) -> None:
        self._fallback = fallback or WorkerClock()
        self._stamps = True
        self._last: tuple[int, float] | None = None

    def at(self, instant: float) -> int:
        if not self._stamps:
            return self._fallback.at(instant)
        last = self._last
        if last is None:
            return 0
        append_time, seen = last
        return append_time + int((instant - seen) * 1000)

    def observe(self, append_time: int | None) -> None:
        # The embedded broker answers with a made-up append time near 1970.
        self._stamps = append_time is not None and append_time > _PLAUSIBLE
        if append_time is not None and self._stamps:
            self._last = (append_time, time.monotonic())


class Acceleration(NamedTuple):
    """Simulated time for demonstrations: `start` (ms) at real time `origin` (ms), `speed` times as fast."""

    start: int
    speed: float
    origin: int

    @classmethod
    def parse(cls, text: str) -> "Acceleration":
        """`START_MS:SPEED[:ORIGIN_MS]`; origin is now if left out. ValueError if it is none."""
        start, speed, *origin = text.split(":")
        if len(origin) > 1 or float(speed) <= 0:
            raise ValueError(f"{text!r} is not START_MS:SPEED[:ORIGIN_MS].")
        return cls(int(start), float(speed), int(origin[0]) if origin else int(time.time() * 1000))

    def __str__(self) -> str:
        return f"{self.start}:{self.speed:g}:{self.origin}"


class WorkerClock:
    """This machine's clock, or an accelerated one; for brokers that do not stamp, as the embedded one."""

    def __init__(self, acceleration: Acceleration | None = None) -> None:
        self._acceleration = acceleration

    def at(self, instant: float) -> int:
        real = time.time() * 1000 - (time.monotonic() - instant) * 1000
        if self._acceleration is None:
            return int(real)
        return self._acceleration.start + int((real - self._acceleration.origin) * self._acceleration.speed)

    def observe(self, append_time: int | None) -> None:
        """Nothing to learn."""
