"""How late timers are with a million pending: in steady work, just after a restart, and after an outage of two hours,
and how long live events wait meanwhile."""

import tempfile
from pathlib import Path

from benchmarks.growth.growth import Growth, Scale
from benchmarks.growth.partition import write_records
from benchmarks.growth.pending import evenly, pending, percentile
from benchmarks.growth.virtual import VirtualRun
from pipeline.domain.value.instant import DAY, HOUR, MINUTE, SECOND
from pipeline.worker import settle_collector

NOW = 20_000 * DAY
RATE = 50
RESTART, OUTAGE = 10 * SECOND, 2 * HOUR
WINDOW = MINUTE
"""What is judged: timers due and events sent in the first minute from then on, ms."""
PATIENCE = 10 * MINUTE


def measure(scale: Scale) -> Growth:
    timers, outage = (1_000_000, OUTAGE) if scale == "full" else (2_000, 2 * MINUTE)
    found = Growth(
        "A million timers pending",
        "case",
        "One partition with RocksDB holds all shoppers, in virtual time: clocks move on by the CPU time that the work "
        "takes (one core, all threads), 8 ms a transaction and 1 s of `time.margin`, with ticks of 500 ms. "
        f"{RATE} live events a second. Steady and restart (down for 10 s): {timers:,} abandoned carts fall due within "
        f"an hour. Outage: {timers:,} fall due while nothing works for two hours, and go on to after it; in the first "
        "case nothing was sent meanwhile, in the second the shop went on and its events wait, too. Judged are the "
        "timers due, and the events sent, in the first minute from then on.",
        "p99 lateness under 2 s; live events not starved",
    )
    with tempfile.TemporaryDirectory() as folder:
        run = _prepared(Path(folder), timers, NOW, NOW + max(HOUR // (1_000_000 // timers), WINDOW * 3))
        run.run(NOW + WINDOW)
        _judge(found, "steady", run, NOW, 0)
        back = NOW + WINDOW + RESTART
        run.stand_still(back, waiting=True)
        run.run(back + WINDOW + 5 * SECOND)
        _judge(found, "restart", run, back, RESTART)
        run.partition.close()
    for case, waiting in (("outage, quiet", False), ("outage, backlog", True)):
        with tempfile.TemporaryDirectory() as folder:
            after = timers * WINDOW // outage
            run = _prepared(Path(folder), timers + after, NOW, NOW + outage + WINDOW)
            back = NOW + outage
            run.stand_still(back, waiting=waiting)
            run.run(back + PATIENCE)
            _judge(found, case, run, back, outage)
            run.partition.close()
    return found


def _prepared(folder: Path, timers: int, begin: int, end: int) -> VirtualRun:
    """At `begin`, with so many timers due until `end`."""
    run = VirtualRun(folder, begin, RATE)
    write_records(run.partition.state, pending(evenly(timers, begin, end)))
    settle_collector()
    return run


def _judge(found: Growth, case: str, run: VirtualRun, since: int, down: int) -> None:
    """since: when work began (again), ms; down: how long it had stood still."""
    until = since + WINDOW
    late = [(seen - at) / 1000 for at, seen in run.lateness if since <= at < until - 2_000]
    waits = [(seen - sent) / 1000 for sent, seen in run.waits if since <= sent < until - 2_000]
    overdue = [(seen - since) / 1000 for at, seen in run.lateness if since - down <= at < since <= seen]
    found.add("lateness of timers, s", "p50", case, [percentile(late, 0.5)])
    found.add("lateness of timers, s", "p99", case, [percentile(late, 0.99)])
    found.add("wait of live events, s", "p50", case, [percentile(waits, 0.5)])
    found.add("wait of live events, s", "p99", case, [percentile(waits, 0.99)])
    found.add("wait of live events, s", "longest", case, [max(waits)])
    if down:
        found.add("s until all that was overdue is decided", "caught up", case, [max(overdue)])
        found.add("timers that were overdue", "timers", case, [len(overdue)], 0)
