"""Grafts: pieces of a shopper's state that were folded apart from the record, of events that it did not keep."""

from collections.abc import Set

import msgspec

from pipeline.domain.derived import Seen
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.shopper import Observation, Shopper


class Graft(msgspec.Struct, array_like=True, gc=False):
    """Pieces by fingerprint, each as it stands in the record: see Shopper and Derived."""

    windows: dict[int, list[int]] = {}
    observations: dict[int, Observation] = {}
    seen: dict[int, dict[int, Seen]] = {}

    def __bool__(self) -> bool:
        return bool(self.windows or self.observations or self.seen)

    def only(self, pieces: Set[int]) -> "Graft":
        """Of these pieces alone."""
        return Graft(
            {key: one for key, one in self.windows.items() if key in pieces},
            {key: one for key, one in self.observations.items() if key in pieces},
            {key: one for key, one in self.seen.items() if key in pieces},
        )


def pieces_for(conditions: Conditions) -> frozenset[int]:
    """Fingerprints of all state that events are folded into for these conditions."""
    zones = () if conditions.zones is None else (conditions.zones.key,)
    return frozenset((*conditions.windows, *conditions.edges, *conditions.sequences, *zones))


def join(conditions: Conditions, shopper: Shopper, graft: Graft, remarks: list[str]) -> None:
    """Take a graft into a record: each piece becomes that of the events of both. What no condition reads is left."""
    windows, edges, zones = conditions.windows, conditions.edges, conditions.zones
    for key, observation in graft.observations.items():
        if key in edges:
            edges[key][0].join(shopper, observation)
        elif zones is not None and key == zones.key:
            zones.join(shopper, observation)
    # Windows after them: what they forget depends on the event since which they count.
    for key, seen in graft.seen.items():
        if key in windows:
            windows[key][0].join(shopper, seen, remarks)
    for key, state in graft.windows.items():
        if key in windows:
            windows[key][0].join(shopper, state, remarks)
        elif key in conditions.sequences:
            conditions.sequences[key].join(shopper, state, remarks)


def pieces_of(shopper: Shopper, pieces: Set[int]) -> Graft:
    """What a record keeps under these fingerprints."""
    seen = {} if shopper.derived is None else shopper.derived.seen
    return Graft(shopper.windows, shopper.observations, seen).only(pieces)
