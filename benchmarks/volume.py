"""What an event of the reference mix leaves on each kind of topic: records and bytes, before compression.

Usage: python -m benchmarks.volume [--events 100000]
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from agents.intake import IntakeParts
from agents.shopper import ShopperParts
from benchmarks.result import record
from benchmarks.stages import PARTITIONS, Drain, encoder_of, partitioned, reference_topology, through
from benchmarks.workload import workload
from pipeline.runtime.ports import SHOPPER_EVENTS, Output, Record

_CHANGELOG = "changelog"


class Scale(Drain):
    """A drain that weighs what goes through: keys, values and headers, by topic."""

    def __init__(self, kept: list[list[Record]], bytes_of: Counter[str], records_of: Counter[str]) -> None:
        super().__init__(kept)
        self._bytes, self._records = bytes_of, records_of

    def produce(self, outputs: Iterable[Output]) -> None:
        weighed = list(outputs)
        for output in weighed:
            headers = sum(len(name) + len(value) for name, value in output.headers or ())
            self._bytes[output.topic] += len(output.key or b"") + len(output.value or b"") + headers
            self._records[output.topic] += 1
        super().produce(weighed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=5_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        topology = reference_topology(Path(folder))
        calls = list(workload(given.events))
        canonical: list[list[Record]] = [[] for _ in range(PARTITIONS)]
        taken, told = (Counter[str](), Counter[str]()), (Counter[str](), Counter[str]())
        intake = IntakeParts(topology, Path(folder) / "intake")
        through("intake", intake, partitioned(calls), lambda: Scale(canonical, *taken), given)
        shopper = ShopperParts(topology, encoder_of(topology), Path(folder) / "shopper")
        through("shopper", shopper, canonical, lambda: Scale([[]], *told), given)
    changelog = told[0].pop(_CHANGELOG), told[1].pop(_CHANGELOG)
    decided = sum(told[1].values())
    record(
        "volume",
        "Both agents' processors over the reference workload, in process; what they hand to their producers is "
        "weighed: keys, values and headers. Progress records, few here, are among those of shopper-events.",
        "none of its own; docs/sizing.md rests on it",
        {
            "events": given.events,
            "clickstream_bytes_per_event": _mean(sum(len(key) + len(value) for key, value in calls), given.events),
            "shopper_events_bytes_per_event": _mean(taken[0][SHOPPER_EVENTS], taken[1][SHOPPER_EVENTS]),
            "decisions_per_event": round(decided / given.events, 3),
            "bytes_per_decision": _mean(sum(told[0].values()), decided),
            "bytes_per_changelog_record": _mean(*changelog),
        },
    )


def _mean(total: int, number: int) -> float:
    return round(total / number, 1)


if __name__ == "__main__":
    main()
