"""Who plays: the names in the topology that the demo shows, in the order of the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.config.topology import Topology


@dataclass(frozen=True, slots=True)
class Cast:
    """segments: names. kinds: entry under `abandonment` -> browse, cart or checkout; stages: how many it has.
    tiers: programme -> levels, lowest first. zone, currency: of the shop."""

    name: str
    zone: ZoneInfo
    currency: str
    segments: tuple[str, ...]
    kinds: Mapping[str, str]
    stages: Mapping[str, int]
    tiers: Mapping[str, tuple[str, ...]]

    def clock(self, instant: int, form: str) -> str:
        """An instant (ms) as the shop's clocks show it; form: of strftime."""
        return datetime.fromtimestamp(instant / 1000, self.zone).strftime(form)


def cast_of(topology: Topology) -> Cast:
    plan = topology.plan()
    return Cast(
        name=topology.name,
        zone=ZoneInfo(plan.timezone),
        currency=plan.currency,
        segments=tuple(topology.segments),
        kinds={each.name: each.kind for each in plan.abandonments},
        stages={each.name: len(each.stages) for each in plan.abandonments},
        tiers={each.name: tuple(level.name for level in each.levels) for each in plan.programmes},
    )
