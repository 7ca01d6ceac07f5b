"""A dry run: what taking grafts in would change of the records as they are now."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.backfill.partition_history import PartitionHistory
from pipeline.diff.some import Some
from pipeline.domain.decide import Engine
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import Checkpoint, ShopperCodec


@dataclass(slots=True)
class Trial:
    """Who would enter and leave, by segment; how many traits and stages would change. shoppers: that have grafts.
    unknown: of them, those whom nobody knows."""

    samples: int
    shoppers: int = 0
    unknown: int = 0
    enter: dict[str, Some] = field(default_factory=dict)
    leave: dict[str, Some] = field(default_factory=dict)
    traits: int = 0
    stages: int = 0

    def take(
        self,
        engine: Engine,
        codec: ShopperCodec,
        history: PartitionHistory,
        checkpoint: Checkpoint,
        values: Mapping[bytes, bytes | None],
    ) -> None:
        """Join a partition's grafts to copies of its records. values: of the changelog, by key."""
        for key, graft in history.grafts():
            self.shoppers += 1
            value, shopper_id = values.get(key), key.decode()
            if value is None:
                self.unknown += 1
                continue
            shopper = codec.decode(value)
            engine.on_due(shopper, shopper_id, checkpoint.time, checkpoint.sweep.since)
            before = _members(shopper)
            for decision in engine.graft(shopper, shopper_id, graft, checkpoint.time).decisions:
                self.traits += decision.topic == "trait-changes"
                self.stages += decision.topic == "journey-changes"
            after = _members(shopper)
            for moved, into in ((after - before, self.enter), (before - after, self.leave)):
                for name in moved:
                    into.setdefault(name, Some()).add(shopper_id, self.samples)


def _members(shopper: Shopper) -> set[str]:
    return {name for name, one in shopper.memberships.items() if one.member}
