"""Pace: how many timers one round of a partition takes, by what they have been found to cost on this machine."""

import time
from collections.abc import Callable

from pipeline.runtime.partition import AnyProcessor, Taken

TARGET = 0.08
"""CPU seconds that a round of timers is to take. A live event waits for the round at work and for its own."""
FIRST, LEAST, MOST = 1_000, 250, 2_000
"""Due entries: of a first round, and the bounds. Below the least a commit would cost more than the round; more than the
most would be a long wait where cheap timers are followed by dear ones."""
_GROWTH = 2.0
"""At most so many times as many as the round before."""


class Pace:
    """Of one partition. timers: due entries that the next round may take.

    It changes only which transaction a timer falls into, never what is decided (`fold.Fold`, I8). CPU time of the
    calling thread counts: a commit that waits for slow brokers gets no faster with fewer timers.
    """

    def __init__(self) -> None:
        self.timers = FIRST

    def round(self, processor: AnyProcessor, work: Callable[[], Taken]) -> Taken:
        """Do `work`, a call of the processor, and bound the next one by what it took."""
        processor.pace(self.timers)
        begun = time.thread_time()
        taken = work()
        self.after(taken.counts.entries, time.thread_time() - begun)
        return taken

    def after(self, entries: int, seconds: float) -> None:
        """A round met so many due entries. One that was not full is short for want of timers, and tells nothing."""
        if entries >= self.timers:
            affordable = TARGET / max(seconds, TARGET / _GROWTH) * self.timers
            self.timers = min(max(int(affordable), LEAST), MOST)
