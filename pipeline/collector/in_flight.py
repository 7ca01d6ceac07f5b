"""How much of requests is in memory at a time."""


class Busy(Exception):
    """Not taken, to be sent again. status: 429 = too much is under way, 503 = the broker is away and the spool full."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class InFlight:
    """A bound on bytes; of one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.used = 0

    def take(self, size: int) -> None:
        """Raises Busy (429), and takes nothing then."""
        if self.used + size > self._limit:
            raise Busy(429)
        self.used += size

    def give_back(self, size: int) -> None:
        self.used -= size
