"""Is it well: what comes in, what is decided, what waits."""

from pipeline.observability.dashboards.grafana import Dashboard, Panel, Query, Row, Variable
from pipeline.observability.dashboards.promql import RATE, legend, quantile, rate, series

JOB = Variable("job", "afterclick_ready", "job")


def _number(title: str, description: str, query: Query, unit: str = "short", limit: float | None = None) -> Panel:
    return Panel(title, description, (query,), "stat", unit, 4, limit)


def _rates(title: str, description: str, counter: str, by: str, unit: str = "cps", stacked: bool = True) -> Panel:
    return Panel(title, description, (Query(rate(counter, by=by), legend(by)),), unit=unit, stacked=stacked)


_NOW = Row(
    "Now",
    (
        _number("Agents ready", "Agents that take batches of all their partitions.", Query(f"sum({series('ready')})")),
        _number("Events a second", "Accepted by intake.", Query(rate("events_total", 'agent="intake"'))),
        _number("Decisions a second", "On all topics.", Query(rate("decisions_total"))),
        _number(
            "Records waiting", "In both source topics.", Query(f"sum({series('source_lag_records')})"), limit=10_000
        ),
        _number(
            "Timers late by",
            "Nine of ten rounds begin with a timer that is no later than this.",
            quantile(0.9, "timer_lateness_seconds"),
            "s",
            60,
        ),
        _number(
            "Partitions given up",
            "Stage failed: the log says why.",
            Query("sum(" + series("partitions", 'stage="failed"') + ") or vector(0)"),
            limit=1,
        ),
    ),
)

_FLOW = Row(
    "Flow",
    (
        _rates("Records taken", "From the source topic, committed.", "records_total", "agent", stacked=False),
        Panel(
            "Records waiting",
            "Should come back to nothing after a peak.",
            (Query(f"sum by (agent) ({series('source_lag_records')})", "{{agent}}"),),
        ),
        _rates("Decisions", "By topic.", "decisions_total", "topic"),
        _rates("Dead letters", "By reason; all but late are a producer's.", "dead_letters_total", "reason"),
    ),
)

_TIME = Row(
    "Time and memory",
    (
        Panel(
            "Seconds of a round",
            "From taking a batch to its commit and local write; the brokers' share is most of it.",
            (quantile(0.5, "round_seconds", "agent"), quantile(0.99, "round_seconds", "agent")),
            unit="s",
        ),
        Panel(
            "Lateness of timers",
            "From the instant that a timer was due until its decision was committed.",
            (quantile(0.5, "timer_lateness_seconds"), quantile(0.99, "timer_lateness_seconds")),
            unit="s",
            limit=60,
        ),
        _rates("Oddities", "Worth a look and no error, by name (docs/rules.md).", "remarks_total", "remark"),
        Panel(
            "Resident memory",
            "Of each agent's process; docs/operations.md tells its bound.",
            (Query(series("resident_memory_bytes"), "{{instance}} {{agent}}"),),
            unit="bytes",
        ),
    ),
)

# Its job is another one: nothing is chosen here.
_COLLECTOR = Row(
    "Collector",
    (
        Panel(
            "Requests",
            "By status. 429 and 5xx are events that may be lost.",
            (Query(f"sum by (status) (rate(afterclick_collector_requests_total[{RATE}]))", "{{status}}"),),
            unit="reqps",
            width=8,
            stacked=True,
        ),
        Panel(
            "Answered within",
            "From a request's headers to its answer, 99 of 100.",
            (
                Query(
                    "histogram_quantile(0.99, sum by (le) "
                    f"(rate(afterclick_collector_request_seconds_bucket[{RATE}])))",
                    "99%",
                ),
            ),
            unit="s",
            width=8,
        ),
        Panel(
            "On its disk",
            "What the brokers have not taken yet.",
            (Query("afterclick_collector_spool_bytes", "{{instance}}"),),
            unit="bytes",
            width=8,
        ),
    ),
)

OVERVIEW = Dashboard(
    "afterclick-overview",
    "Afterclick: overview",
    "What comes in, what is decided, what waits. docs/runbooks.md explains the alerts.",
    (JOB,),
    (_NOW, _FLOW, _TIME, _COLLECTOR),
)
