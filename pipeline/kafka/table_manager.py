"""Faust's table manager without Faust's table recovery.

A Faust table is declared so that its changelog is assigned together with the source partitions; state is restored by
`restore.py`, which reads committed records only and knows where a topic with transaction markers ends. Faust's own
recovery does neither (runtime-facts.md, B4 and C9).
"""

import logging
from typing import Any, cast

from faust.tables.manager import TableManager as FaustTableManager
from faust.tables.recovery import Recovery as FaustRecovery
from faust.types import TP
from mode import Service


class _Untabled:
    """The manager as one that has no tables: Faust then resumes streams at once after a rebalance."""

    def __init__(self, manager: "TableManager") -> None:
        self._manager = manager

    def __bool__(self) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)


class Recovery(FaustRecovery):
    """Waits for rebalances and resumes the streams; `App.on_rebalance_complete` is where partitions are opened."""

    # With Faust's other loggers; mode would name it after this module.
    logger = logging.getLogger("faust.batches")

    def __init__(self, app: Any, tables: "TableManager", **kwargs: Any) -> None:
        super().__init__(app, tables, **kwargs)
        self.tables = cast("TableManager", _Untabled(tables))

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        if generation_id != self.app.consumer_generation_id:
            return
        self._generation_id = generation_id
        self.signal_recovery_start.set()

    def flush_buffers(self) -> None:
        """Nothing is ever buffered."""

    @Service.task
    async def _slurp_changelogs(self) -> None:
        """Changelogs are not read through Faust."""

    @Service.task
    async def _publish_stats(self) -> None:
        """Nothing to publish."""


class TableManager(FaustTableManager):
    """For `App(TableManager=...)`."""

    logger = logging.getLogger("faust.batches")

    _recovery: Recovery | None = None

    @property
    def recovery(self) -> Recovery:
        if self._recovery is None:
            self._recovery = Recovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        # Stock sleeps for a second first, so that tables can still be added; ours are all declared by then.
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()
