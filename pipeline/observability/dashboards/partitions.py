"""Where each partition stands, and what its state takes."""

from pipeline.observability.dashboards.grafana import Dashboard, Panel, Query, Row, Variable
from pipeline.observability.dashboards.overview import JOB
from pipeline.observability.dashboards.promql import RATE, increase, rate, ratio, series

_AGENT = Variable("agent", "afterclick_ready", "agent")
_CHOSEN = 'agent=~"$agent"'
_THIRD = 8


def _highest(
    title: str, description: str, gauge: str, unit: str = "short", limit: float | None = None, above: str = ""
) -> Panel:
    """One line a partition, whichever worker has it."""
    expression = f"max by (agent, partition) ({series(gauge, _CHOSEN)}){above}"
    return Panel(
        title, description, (Query(expression, "{{agent}} {{partition}}"),), unit=unit, width=_THIRD, limit=limit
    )


_WORK = Row(
    "Work",
    (
        Panel(
            "Records a second",
            "A partition that takes much more than the others has a hot key.",
            (Query(f"rate({series('next_offset', _CHOSEN)}[{RATE}])", "{{agent}} {{partition}}"),),
            unit="cps",
            width=_THIRD,
        ),
        _highest("Records waiting", "One that grows alone is stuck, or its disk is slow.", "source_lag_records"),
        _highest("Time behind", "Its timers are late by so much.", "partition_time_lag_seconds", "s", 60),
    ),
)

_LIFE = Row(
    "Life",
    (
        Panel(
            "Stages",
            "Partitions by stage; all should be processing.",
            (Query(f"sum by (agent, stage) ({series('partitions', _CHOSEN)})", "{{agent}} {{stage}}"),),
            width=_THIRD,
        ),
        _highest("Left to restore", "Should fall without pause.", "restore_left_records", above=" > 0"),
        _highest("Standbys are behind by", "What an heir would have to read.", "standby_lag_records"),
        Panel(
            "Trouble",
            "In five minutes.",
            tuple(
                Query(increase(f"{name}_total", _CHOSEN, by="agent", over="5m"), f"{{{{agent}}}} {name}")
                for name in ("retries", "fenced", "rebalances")
            ),
            width=_THIRD,
        ),
        Panel(
            "State discarded",
            "Local state thrown away and restored from scratch, in an hour.",
            (Query(increase("state_discarded_total", by="reason", over="1h"), "{{reason}}"),),
            width=_THIRD,
        ),
        _highest("Sweeping", "1 until all shoppers are under a changed topology.", "sweeping"),
    ),
)

_STATE = Row(
    "State",
    (
        _highest("Shoppers", "Records in the store, an estimate.", "state_keys"),
        _highest("On disk", "The store's files.", "state_disk_bytes", "bytes"),
        Panel(
            "Disk left",
            "Of the file system that the state is on.",
            (Query(f"min by (instance) ({series('disk_free_bytes')} / {series('disk_size_bytes')})", "{{instance}}"),),
            unit="percentunit",
            width=_THIRD,
        ),
        Panel(
            "Caches and write buffers",
            "As a share of their bound.",
            (
                Query(
                    f"{series('state_memory_used_bytes', _CHOSEN)} / {series('state_memory_bound_bytes', _CHOSEN)}",
                    "{{instance}} {{agent}} {{use}}",
                ),
            ),
            unit="percentunit",
        ),
        Panel(
            "Found in the record cache",
            "Where it is little, more memory saves reads (AFTERCLICK_STATE_MEMORY_MIB).",
            (Query(ratio(rate("record_cache_total", 'result="hit"'), rate("record_cache_total")), "hits"),),
            unit="percentunit",
        ),
    ),
)

PARTITIONS = Dashboard(
    "afterclick-partitions",
    "Afterclick: partitions",
    "Where each partition stands, and what its state takes.",
    (JOB, _AGENT),
    (_WORK, _LIFE, _STATE),
)
