"""The metrics of `afterclick collector`, as those of workers in metric_table.py. docs/collector.md holds the table."""

from pipeline.observability.metric_table import Definition

COLLECTOR: tuple[Definition, ...] = (
    Definition("collector_requests_total", "counter", "requests", ("format", "status"), "Answered."),
    Definition("collector_events_total", "counter", "events", ("format",), "Acknowledged: on the log or on the disk."),
    Definition(
        "collector_oversize_total", "counter", "events", ("format",), "Left out of batches for being larger than 32 KB."
    ),
    Definition(
        "collector_connections_refused_total",
        "counter",
        "connections",
        ("reason",),
        "Closed by a bound: `connections`, too many; `slow`, no whole request in 20 s; `memory`, too much in it; "
        "`malformed`, no HTTP.",
    ),
    Definition(
        "collector_request_seconds",
        "histogram",
        "seconds",
        ("format",),
        "From a request's headers to its answer.",
        (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    ),
    Definition("collector_spool_bytes", "gauge", "bytes", (), "On disk and not known to be on the log."),
    Definition("collector_in_flight_bytes", "gauge", "bytes", (), "Of requests in memory."),
    Definition("collector_spooling", "gauge", "0 or 1", (), "Records go to the disk first."),
    Definition("collector_connections", "gauge", "connections", (), "Of clients, open."),
)
