"""Sending a history: in order, no faster than asked, and from where the log says that it has come to."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline.archive.progress import HistoryRecord, Log, Progress
from pipeline.archive.sorted_history import SortedHistory
from pipeline.runtime.ports import Denied, Fenced, OutboxError, TooLarge

# Most events of one transaction: a second's at most, so that what is seen of them is not far behind.
_BATCH = 5_000
# Seconds between two tries while the brokers are away, and without any that was written, before giving up.
_PAUSE = 5.0
PATIENCE = 600.0

_HOPELESS = (Fenced, Denied, TooLarge)


@dataclass(frozen=True, slots=True)
class Sending:
    """A sending to be. name, events: of the history. rate: most events a second. opened: a log, made anew after each
    trouble: what became of a transaction then is seen in the log alone. told: called with how many are sent."""

    history: SortedHistory
    name: str
    events: int
    rate: int
    opened: Callable[[], Log]
    told: Callable[[int], None] = lambda sent: None

    def run(self, log: Log, sent: int) -> None:
        """Send all but the first `sent`. Closes the log, and others that it opens. Raises OutboxError if it can't go
        on, OSError and EOFError if the history on disk is damaged."""
        since = time.monotonic()
        while True:
            try:
                for progress in self._written(log, sent):
                    sent, since = progress.sent, time.monotonic()
                    self.told(sent)
                return
            except OutboxError as error:
                if isinstance(error, _HOPELESS) or time.monotonic() - since > PATIENCE:
                    raise
            finally:
                log.close()
            log, sent = self._again(since)

    def _again(self, since: float) -> tuple[Log, int]:
        while True:
            time.sleep(_PAUSE)
            log = self.opened()
            try:
                progress = log.progress()
            except OutboxError as error:
                log.close()
                if isinstance(error, _HOPELESS) or time.monotonic() - since > PATIENCE:
                    raise
                continue
            return log, progress.sent if progress is not None and progress.name == self.name else 0

    def _written(self, log: Log, sent: int) -> Iterator[Progress]:
        kept, begun, before = self.history.read(skip=sent), time.monotonic(), sent
        while batch := list(islice(kept, min(self.rate, _BATCH))):
            records = [
                HistoryRecord(one.value, Progress(self.name, sent + number, self.events, one.received))
                for number, one in enumerate(batch, 1)
            ]
            log.write(records)
            sent += len(batch)
            yield records[-1].progress
            ahead = begun + (sent - before) / self.rate - time.monotonic()
            if ahead > 0 and sent < self.events:
                time.sleep(ahead)
