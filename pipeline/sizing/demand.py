"""What a shop brings, and what it wants to pay for."""

import re

import msgspec

DAY = 86_400
_UNITS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000, "B": 1_000_000_000}


class DemandError(Exception):
    """A number is wrong; the message says which and how to write it."""

    exit_code = 2


class Demand(msgspec.Struct, frozen=True):
    """peak: the busiest minutes' rate over the day's mean. rules: segments, abandonments and programmes that a topology
    has. event_bytes: of a call on the clickstream, before compression. record_bytes, event_us: of a shopper's record,
    and CPU of an event, both as measured with one's own topology; None: with the reference topology. retention_days: of
    clickstream and decisions. utilisation: share of a core that is planned with at the peak. growth: how many times
    today's workers the partitions should bear, since they can't be changed later."""

    events_per_day: int
    shoppers: int
    peak: float = 4.0
    rules: int = 10
    event_bytes: int = 1_000
    record_bytes: float | None = None
    event_us: float | None = None
    retention_days: float = 7.0
    replication: int = 3
    standbys: int = 1
    tick_ms: int = 500
    utilisation: float = 0.6
    growth: float = 2.0

    def __post_init__(self) -> None:
        least = {
            "events_per_day": 1, "shoppers": 1, "peak": 1, "rules": 1, "event_bytes": 1, "retention_days": 0,
            "replication": 1, "standbys": 0, "tick_ms": 1, "growth": 1,
        }  # fmt: skip
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise DemandError(f"{name.replace('_', ' ')} is {getattr(self, name)}, it should be at least {bound}")
        for name in ("record_bytes", "event_us"):
            if (given := getattr(self, name)) is not None and given <= 0:
                raise DemandError(f"{name.replace('_', ' ')} is {given}, it should be more than 0")
        if not 0 < self.utilisation <= 1:
            raise DemandError(f"utilisation is {self.utilisation}, it should be a share as 0.6")

    @property
    def mean_rate(self) -> float:
        """Events a second over the day."""
        return self.events_per_day / DAY

    @property
    def peak_rate(self) -> float:
        """Events a second in the busiest minutes."""
        return self.mean_rate * self.peak


def parse_number(text: str) -> int:
    """`100M` as 100,000,000; k, M, G and B (10**9) are known. Raises DemandError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kMGB]?)", text.replace(",", "").replace("_", "").strip())
    if found is None:
        raise DemandError(f"{text!r} is no number; write it as 2500000, 2.5M or 1B")
    return round(float(found[1]) * _UNITS[found[2]])
