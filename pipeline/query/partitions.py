"""What the partitions of this worker know: of one shopper, and who is in a segment."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.config.topology import Topology
from pipeline.domain.decide import Engine
from pipeline.domain.shopper import Membership
from pipeline.domain.value.instant import format_instant, format_known
from pipeline.explain.known import Known, UnknownShopper, from_record
from pipeline.kafka.changelog_lookup import partition_of
from pipeline.query.cursor import Cursor
from pipeline.query.placement import AgentSilent, Placement
from pipeline.query.refused import Elsewhere, unavailable
from pipeline.runtime.ports import Checkpoint, StateError
from pipeline.state.live_view import LiveView, LiveViews
from pipeline.state.record import RecordCodec

# Seconds and records after which a walk over a store ends its page: others wait for the thread meanwhile.
_SLICE, _RECORDS = 0.02, 5_000

Freshness = dict[str, Any]
Data = dict[str, Any]


class Partitions:
    """One thread. where: who has which partition, now. clock: seconds, going forward only."""

    def __init__(
        self,
        topology: Topology,
        directory: Path,
        where: Callable[[], Placement],
        age: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine = Engine(topology.plan())
        self.count = topology.kafka.partitions
        self._where = where
        self._views = LiveViews(directory, age, clock)
        self._clock = clock
        self._codec = RecordCodec()

    def placement(self) -> Placement:
        """Raises Refused."""
        try:
            return self._where()
        except AgentSilent:
            raise unavailable("agent_silent", "The worker is starting, or busy; ask again.") from None

    def known(self, shopper: str) -> tuple[Known, Freshness]:
        """Raises UnknownShopper, Alias, Elsewhere, Refused, StateError."""
        key = shopper.encode()
        partition = partition_of(key, self.count)
        live = self._live(partition)
        # The checkpoint first: what is said to be known up to it then is.
        checkpoint, value = live.view.checkpoint(), live.view.record(key)
        if value is None:
            raise UnknownShopper
        source = {"kind": "store", "partition": partition}
        known = from_record(self.engine, shopper, value, checkpoint, None, source)
        return known, self._freshness(partition, live, checkpoint)

    def members(self, segment: str, cursor: Cursor, limit: int) -> Data:
        """A page of members, in order of partition and key, and where the next one begins. A page may have fewer than
        `limit`, or none, and yet not be the last: it ends with its slice of work, too. Raises Elsewhere, Refused,
        StateError."""
        live = self._live(cursor.partition)
        checkpoint = live.view.checkpoint()
        until, looked = self._clock() + _SLICE, 0
        found: list[Data] = []
        key, ended = cursor.after, True
        for key, value in live.view.records(cursor.after):
            looked += 1
            membership = self._codec.decode(value).memberships.get(segment)
            if membership is not None and membership.member:
                found.append(_member(key, membership))
            if len(found) == limit or looked == _RECORDS or self._clock() > until:
                ended = False
                break
        following = Cursor(cursor.partition + 1, b"") if ended else Cursor(cursor.partition, key)
        return {
            "segment": segment,
            "members": found,
            "next_cursor": str(following) if following.partition < self.count else None,
            "looked_at": looked,
            "settled": checkpoint is not None and checkpoint.sweep.done and checkpoint.sweep.plan == self.engine.digest,
            "freshness": self._freshness(cursor.partition, live, checkpoint),
        }

    def standing(self) -> Data:
        """Which partitions are here, how far they have come, and who has the others. Raises Refused, StateError."""
        placement = self.placement()
        here: list[Data] = []
        for partition, stage in sorted(placement.stages.items()):
            row: Data = {"partition": partition, "stage": stage, "freshness": None}
            if partition in placement.open:
                live = self._live(partition)
                row["freshness"] = self._freshness(partition, live, live.view.checkpoint())
            here.append(row)
        owners = [{"partition": number, "url": url} for number, url in sorted(placement.owners.items())]
        return {"of": self.count, "here": here, "owners": owners}

    def close(self) -> None:
        self._views.close()

    def _live(self, partition: int) -> LiveView:
        placement = self.placement()
        self._views.keep(placement.open)
        if partition in placement.open:
            try:
                return self._views.of(partition)
            except StateError:
                # Its owner may just have moved it aside, or be making it.
                return self._views.of(partition)
        if partition in placement.stages:
            raise unavailable("not_open", f"Partition {partition} is {placement.stages[partition]} here; ask again.")
        if partition in placement.owners:
            raise Elsewhere(placement.owners[partition])
        raise unavailable(
            "owner_unknown",
            f"Another worker has partition {partition}, or none yet; ask again, or set AFTERCLICK_QUERY_ADVERTISED.",
        )

    def _freshness(self, partition: int, live: LiveView, checkpoint: Checkpoint | None) -> Freshness:
        return {
            "partition": partition,
            "partition_time": None if checkpoint is None else format_known(checkpoint.time),
            "next_offset": None if checkpoint is None or checkpoint.next_offset < 0 else checkpoint.next_offset,
            "read_at": format_instant(int(live.read_at * 1000)),
        }


def _member(key: bytes, membership: Membership) -> Data:
    return {
        "shopper": key.decode(),
        "since": format_known(membership.since),
        "changes_at": format_known(membership.due),
    }
