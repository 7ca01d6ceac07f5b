"""What was measured: a copy of figures of benchmarks/results, made by `python -m benchmarks.sizing`, for machines that
have no benchmarks."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import log

import msgspec

Course = Mapping[str, float]
"""A figure at some values of what it depends on, as 4 partitions -> 35.2 us."""


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """us: microseconds of CPU, of one core. All at the median. course_*: see `at`.

    event_us, shopper_us: of an event through both agents, and through the second, with `event_partitions` partitions of
    one worker, `event_shoppers` shoppers in all and `event_rules` rules. worker_mib: resident, of both agents and the
    supervisor, with memory_partitions. record_bytes: of a shopper, as stored. disk_bytes: of a shopper on disk. seconds
    of a failover: with a standby, a session timeout of failover_timeout_seconds in it.
    """

    event_us: float
    shopper_us: float
    event_partitions: int
    event_shoppers: int
    event_rules: int
    course_partitions_us: Course
    course_shoppers_us: Course
    course_rules_us: Course
    course_partitions_mib: Course
    worker_mib: float
    memory_partitions: int
    record_bytes: float
    disk_bytes: float
    shopper_events_bytes: float
    decisions_per_event: float
    decision_bytes: float
    changelog_record_bytes: float
    restore_per_second: float
    sweep_per_second: float
    failover_seconds: float
    failover_timeout_seconds: float


@cache
def measured() -> Measured:
    """The figures that this version ships with."""
    return msgspec.json.decode((files("pipeline.sizing") / "measured.json").read_bytes(), type=Measured)


def at(course: Course, value: float) -> float:
    """The figure between measured points, straight on a logarithmic axis; beyond them that of the nearest."""
    points = sorted((float(where), figure) for where, figure in course.items())
    if value <= points[0][0]:
        return points[0][1]
    for (low, under), (high, over) in pairwise(points):
        if value <= high:
            return under + (over - under) * log(value / low) / log(high / low)
    return points[-1][1]
