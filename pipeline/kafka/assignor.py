"""Who has which partition, as the group's assignments tell all its members."""

from collections.abc import Mapping, Sequence
from typing import Any

from faust.assignor.client_assignment import ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor
from yarl import URL


class Assignor(PartitionAssignor):
    """Faust's, for static members whose address changed.

    Such a member is given its assignment of before, with its address of before; Faust refuses one that is not its own,
    and the member would never come back.
    """

    _said: URL | None = None

    @property
    def _url(self) -> URL:
        return self._said or self.app.conf.canonical_url

    def on_assignment(self, assignment: Any) -> None:
        self._said = URL(ClientMetadata.loads(self._decompress(assignment.user_data)).url)
        try:
            super().on_assignment(assignment)
        finally:
            self._said = None


def owners_of(distribution: Mapping[str, Mapping[str, Sequence[int]]], topic: str, unnamed: str) -> dict[int, str]:
    """URL of who has each partition of `topic`. distribution: URL -> topic -> partitions. unnamed: what members say
    that have no address."""
    return {
        partition: url.rstrip("/")
        for url, topics in distribution.items()
        for partition in topics.get(topic, ())
        if url.rstrip("/") != unnamed
    }
