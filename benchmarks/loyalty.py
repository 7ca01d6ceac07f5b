"""What a loyalty programme costs: throughput lost to a full club, and the end of a year.

Usage: python -m benchmarks.loyalty [--events 300000] [--repeats 3] [--lots 1000000]
"""

import argparse
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.budget import SHOPPERS, calls_counted, count_run, instructions
from benchmarks.cluster import reference
from benchmarks.growth.growth import alternating
from benchmarks.growth.partition import write_records
from benchmarks.growth.pending import percentile
from benchmarks.growth.virtual import SOURCES, VirtualRun
from benchmarks.members import expiring, with_club
from benchmarks.messaging import lost, replay
from benchmarks.result import Figure, record, spread
from benchmarks.workload import workload
from pipeline.config.topology import parse
from pipeline.domain.value.instant import MINUTE, SECOND
from pipeline.worker import settle_collector

YEAR_END = round(datetime(2027, 1, 1, tzinfo=UTC).timestamp()) * 1000
RATE = 200


CLUBS: dict[str, Callable[[], str]] = {"no": partial(with_club, club=""), "plain": reference, "full": with_club}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.loyalty", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--lots", type=int, default=1_000_000)
    parser.add_argument("--counted", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.count is not None:
        count_run(given.count, workload(calls_counted(), SHOPPERS), CLUBS[given.counted]())
        return
    figures: dict[str, Figure | str] = {"events": given.events, "repeats": given.repeats, "lots": given.lots}
    figures |= counted()
    figures |= replayed(given.events, given.repeats)
    figures |= year_end(given.lots)
    record(
        "loyalty",
        "The reference topology with the full club of the language's page beside the reference topology as it is (a "
        "plain club) and without any club, on the same calls. Instructions of all stages of an event's way through "
        "both agents, by callgrind; CPU of `afterclick replay`, the three in turn. Year end: one partition in virtual "
        f"time with {RATE} live events a second, and so many members with a lot that expires at one instant; seconds "
        "until the last is committed, and the waits of live events sent meanwhile.",
        "<= 20 % of throughput; 1M lots in < 60 s, live events p99 < 500 ms",
        figures,
    )


def counted() -> dict[str, Figure]:
    """Instructions an event, with no club, the plain and the full one."""
    found = {club: sum(instructions("benchmarks.loyalty", "--counted", club).values()) for club in CLUBS}
    return {f"instructions_{club}_club": count for club, count in found.items()} | {
        "throughput_lost_percent": lost(found["plain"], found["full"]),
        "throughput_lost_to_no_club_percent": lost(found["no"], found["full"]),
    }


def replayed(events: int, repeats: int) -> dict[str, Figure]:
    """CPU of `afterclick replay`, us an event."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "calls.ndjson"
        with source.open("wb") as file:
            file.writelines(value + b"\n" for _, value in workload(events))
        measures = {club: partial(replay, folder, source, text()) for club, text in CLUBS.items()}
        seconds = alternating(repeats, measures)
    costs = {club: [one / events * 1e6 for one in spent] for club, spent in seconds.items()}
    return {f"replay_us_{club}_club": spread(values, 2) for club, values in costs.items()} | {
        "replay_lost_percent": lost(median(costs["plain"]), median(costs["full"])),
        "replay_lost_to_no_club_percent": lost(median(costs["no"]), median(costs["full"])),
    }


def year_end(lots: int, rate: int = RATE) -> dict[str, Figure]:
    """Lots that expire at one instant. rate: of live events, a second."""
    shop = parse(with_club(SOURCES), {})
    with tempfile.TemporaryDirectory() as folder:
        run = VirtualRun(Path(folder), YEAR_END - 2 * SECOND, rate, shop)
        write_records(run.partition.state, expiring(lots, YEAR_END, shop.plan()))
        settle_collector()
        run.run(YEAR_END + 2 * MINUTE)
        run.partition.close()
    seen = [at for due, at in run.lateness if due == YEAR_END]
    if len(seen) < lots:
        raise RuntimeError(f"{len(seen)} of {lots} lots expired: the run was too short")
    waits = [at - sent for sent, at in run.waits if YEAR_END <= sent <= max(seen)]
    return {
        "year_end_seconds": round((max(seen) - YEAR_END) / 1000, 2),
        "year_end_live_p99_ms": round(percentile(waits, 0.99)),
        "year_end_live_longest_ms": round(max(waits, default=0)),
    }


if __name__ == "__main__":
    main()
