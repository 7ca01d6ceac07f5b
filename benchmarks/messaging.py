"""What messages cost: throughput lost to a full `messaging:` block, and a hundred thousand stages due at one second.

Usage: python -m benchmarks.messaging [--events 300000] [--repeats 3] [--stages 100000]
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import process
from benchmarks.budget import SHOPPERS, calls_counted, count_run, instructions
from benchmarks.cluster import reference
from benchmarks.correspondence import reachable, with_messages
from benchmarks.growth.growth import alternating
from benchmarks.growth.partition import write_records
from benchmarks.growth.pending import evenly, pending, percentile
from benchmarks.growth.virtual import SOURCES, VirtualRun
from benchmarks.result import Figure, record, spread
from benchmarks.workload import workload
from pipeline.config.topology import parse
from pipeline.domain.value.instant import DAY, HOUR, MINUTE, SECOND
from pipeline.worker import settle_collector

CALLS = {"reference": workload, "reachable": reachable}
NOON = 20_000 * DAY + 12 * HOUR
RATE = 200


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.messaging", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--stages", type=int, default=100_000)
    parser.add_argument("--counted", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.count is not None:
        calls, block = given.counted
        text = with_messages() if block == "with" else None
        count_run(given.count, CALLS[calls](calls_counted(), SHOPPERS), text)
        return
    figures: dict[str, Figure | str] = {"events": given.events, "repeats": given.repeats, "stages": given.stages}
    for calls in CALLS:
        figures |= counted(calls)
        figures |= replayed(calls, given.events, given.repeats)
    figures |= burst(given.stages)
    record(
        "messaging",
        "The reference topology with the full messaging block of the language's page beside the reference topology as "
        "it is, on the same calls: those of the reference workload, of whom nobody may be written to, and those of "
        "shoppers who tell addresses and say yes, 500 times as slowly: carts are abandoned. Instructions of all "
        "stages of an event's way through both agents, by callgrind; CPU of `afterclick replay`, the two in turn. "
        f"Stages: one partition in virtual time with {RATE} live events a second, and carts of shoppers who may be "
        "written to, due within one second; seconds from a stage's instant, or a message's, until it is committed; "
        "waits of the live events sent meanwhile.",
        "<= 25 % of throughput; 100,000 stages in < 5 s, live events p99 < 500 ms",
        figures,
    )


def counted(calls: str) -> dict[str, Figure]:
    """Instructions an event, without messages and with them."""
    without, with_ = (
        sum(instructions("benchmarks.messaging", "--counted", calls, block).values()) for block in ("without", "with")
    )
    return {
        f"{calls}_instructions_without": without,
        f"{calls}_instructions_with": with_,
        f"{calls}_throughput_lost_percent": lost(without, with_),
    }


def lost(before: float, after: float) -> float:
    """Per cent of the throughput, of what an event costs."""
    return round((1 - before / after) * 100, 1)


def replayed(calls: str, events: int, repeats: int) -> dict[str, Figure]:
    """CPU of `afterclick replay`, us an event."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "calls.ndjson"
        with source.open("wb") as file:
            file.writelines(value + b"\n" for _, value in CALLS[calls](events))
        texts = {"without": reference(), "with": with_messages()}
        measures = {block: partial(replay, folder, source, text) for block, text in texts.items()}
        seconds = alternating(repeats, measures)
    costs = {block: [one / events * 1e6 for one in spent] for block, spent in seconds.items()}
    return {f"{calls}_replay_us_{block}": spread(values, 2) for block, values in costs.items()} | {
        f"{calls}_replay_lost_percent": lost(median(costs["without"]), median(costs["with"]))
    }


def replay(folder: Path, source: Path, text: str) -> float:
    """Seconds of CPU."""
    path = folder / "topology.yaml"
    path.write_text(text)
    flags = ["--quiet", "--topology", str(path), "--output", str(folder / "decisions")]
    return process.run([*process.AFTERCLICK, "replay", str(source), *flags]).cpu


def burst(count: int, rate: int = RATE) -> dict[str, Figure]:
    """Carts that are due within one second, and a minute later their messages. rate: of live events, a second."""
    due = NOON + 2 * SECOND
    shop = parse(with_messages(SOURCES), {})
    with tempfile.TemporaryDirectory() as folder:
        run = VirtualRun(Path(folder), NOON, rate, shop)
        write_records(run.partition.state, pending(evenly(count, due, due + SECOND), shop.plan(), reachable=True))
        settle_collector()
        run.run(due + 2 * MINUTE)
        run.partition.close()
    figures: dict[str, Figure] = {}
    for what, begin in (("stage", due), ("message", due + MINUTE)):
        found = [(at, seen) for at, seen in run.lateness if begin <= at < begin + SECOND]
        if len(found) < count:
            raise RuntimeError(f"{len(found)} of {count} {what}s were decided: the run was too short")
        late = [seen - at for at, seen in found]
        ended = max(seen for _, seen in found)
        waits = [seen - sent for sent, seen in run.waits if begin <= sent <= ended]
        figures |= {
            f"{what}_seconds_p50": round(percentile(late, 0.5) / 1000, 2),
            f"{what}_seconds_longest": round(max(late) / 1000, 2),
            f"{what}s_live_p99_ms": round(percentile(waits, 0.99)),
            f"{what}s_live_longest_ms": round(max(waits)),
        }
    return figures


if __name__ == "__main__":
    main()
