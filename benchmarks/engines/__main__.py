"""Afterclick beside Faust, Quix Streams and Bytewax: same rules, same topic, same machine, one core each.

Usage: python -m benchmarks.engines [--events 2000000] [--repeats 3] [--engines faust,quix] [--seconds 20]
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka.admin import AdminClient

from benchmarks import machine
from benchmarks.engines import agreement, delay, environment, table, throughput
from benchmarks.engines.engine import ENGINES, Engine, Job, named
from benchmarks.engines.environment import Unsupported
from benchmarks.engines.feed import Feed
from benchmarks.engines.report import Comparison, Run
from benchmarks.engines.source import Source
from benchmarks.result import FOLDER
from benchmarks.workload import workload
from tests.support.apache_kafka import ApacheKafka

ROOT = Path(__file__).parents[2]
SURPLUS = 1.15
"""The topic holds this much more than is asked for, so that no engine is judged on the wait for more."""


def main() -> None:
    given = _arguments()
    # Else nothing that it started would be ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    comparison = Comparison(given.events, given.repeats)
    with _broker() as (kafka, folder):
        source = Source(kafka.brokers, "clickstream")
        source.fill(workload(int(given.events * SURPLUS)))
        for repeat in range(given.repeats):
            first: Feed | None = None
            for which in named(given.engines):
                job = Job(f"{which.name.replace(':', '-')}-{repeat}", kafka.brokers, source.topic, folder)
                first = _measure(which, job, source, comparison, first, given)
                _forget(kafka.brokers, source.topic)
    comparison.write()
    if not given.engines:
        table.main()
        draw()
    if not comparison.equal:
        sys.exit("the engines did not decide the same: the comparison is void")


def draw() -> None:
    """docs/images/engines.svg, from the result file."""
    folder = ROOT / "benchmarks" / "plot"
    python = environment.python_of("plot", folder / "requirements.lock")
    plot = ROOT / "docs" / "images" / "engines.svg"
    subprocess.run([str(python), str(folder / "engines.py"), str(FOLDER / "engines.json"), str(plot)], check=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.engines", description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000, help="for Afterclick; others get their share of it")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--engines", type=lambda text: text.split(","), default=[], help=_names())
    parser.add_argument("--seconds", type=float, default=20, help="of half load that latency is judged on")
    parser.add_argument("--patience", type=float, default=180, help="most seconds for one backlog")
    return parser.parse_args()


def _names() -> str:
    return "of " + ", ".join(one.name for one in ENGINES)


def _measure(
    which: Engine, job: Job, source: Source, comparison: Comparison, first: Feed | None, given: argparse.Namespace
) -> Feed | None:
    """One engine, once: backlog, agreement with `first`, delay. Returns `first`, or this feed if there was none yet."""
    try:
        comparison.versions[which.name] = which.version()
    except Unsupported as why:
        print(f"--- {which.name} left out: {why}", flush=True)
        return first
    events = int(given.events * which.events)
    backlog = throughput.work_off(which, _within(job, "backlog"), source, events, given.patience)
    agreed = agreement.compare(source, first or backlog.feed, backlog.feed)
    fresh = Source(job.brokers, f"{job.name}.calls", linger=0)
    waited = delay.measure(which, _within(job, "delay", fresh.topic), fresh, backlog.rate / 2, given.seconds)
    comparison.add(which.name, Run(backlog.rate, backlog.cpu, backlog.peak, waited, agreed))
    return first or backlog.feed


def _within(job: Job, purpose: str, source: str | None = None) -> Job:
    name = f"{job.name}-{purpose}"
    folder = job.folder / name
    folder.mkdir()
    return Job(name, job.brokers, source or job.source, folder)


def _forget(brokers: str, kept: str) -> None:
    """Delete all topics of the last run."""
    admin = AdminClient({"bootstrap.servers": brokers})
    topics = [topic for topic in admin.list_topics(timeout=10).topics if topic != kept and not topic.startswith("__")]
    for deleted in admin.delete_topics(topics).values():
        deleted.result()


@contextmanager
def _broker() -> Iterator[tuple[ApacheKafka, Path]]:
    os.sched_setaffinity(0, set(machine.OTHER_CORES))
    with tempfile.TemporaryDirectory(prefix="afterclick-engines-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        kafka = ApacheKafka(folder)
        try:
            yield kafka, folder
        finally:
            kafka.stop()


if __name__ == "__main__":
    main()
