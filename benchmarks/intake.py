"""CPU time of intake, in process: as it comes, with `identity`, and with all that `intake` of a topology may ask for.

Usage: python -m benchmarks.intake [--events 200000] [--batch 5000]
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from agents.intake import IntakeParts
from benchmarks.cluster import FIELD_TIME, REFERENCE
from benchmarks.result import record
from benchmarks.stages import PARTITIONS, Drain, through
from benchmarks.workload import workload
from pipeline.config.topology import parse
from pipeline.domain.intake.intake import Intake
from pipeline.domain.message import take_message
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import Record
from pipeline.worker import settle_collector

IDENTITY = "identity: {}\n"
INTAKE = """\
intake:
  enrich: [campaign, referrer, device, country]
  bots: drop
  hot_keys: {over: drop}
  privacy: {do_not_track: drop, required_consent: [Analytics]}
  sample: {percent: 100}
"""
VARIANTS = {"plain": "", "identity": IDENTITY, "screened": INTAKE, "all": IDENTITY + INTAKE}
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 %sSafari/537.36"
AGENTS = [
    *(f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME % (version, '')}" for version in range(120, 143)),
    *(f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME % (version, 'Mobile ')}" for version in range(120, 143)),
]
SHOPPERS = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=5_000)
    given = parser.parse_args()
    calls = list(visits(given.events))
    settle_collector()
    figures: dict[str, float] = {"events": given.events}
    with tempfile.TemporaryDirectory() as folder:
        for name, rules in VARIANTS.items():
            topology = parse(REFERENCE.read_text() + FIELD_TIME + rules, {})
            source = [Record(number, 0, key, value) for number, (key, value) in enumerate(calls)]
            kept: list[list[Record]] = [[] for _ in range(PARTITIONS)]
            spent = through("intake", IntakeParts(topology, Path(folder) / name), [source], partial(Drain, kept), given)
            figures[f"{name}_us"] = spent["intake_us"]
    figures["dedupe_us"] = round(deduplication(calls) / given.events * 1e6, 2)
    figures["events_per_second"] = round(1e6 / (figures["identity_us"] + figures["dedupe_us"]))
    record(
        "intake",
        "Thread CPU time in microseconds an event of intake's processor, in one thread and without Kafka, of calls "
        "with a user and a device, a page and a user agent each: `plain` under the reference topology, `identity` "
        "with its block, `screened` with all of `intake`, `all` with both; dedupe: the look-up of a message's id in "
        "its shopper's record. Events a second: of identity with dedupe.",
        ">= 80,000 events/s a core with dedupe and identity",
        figures,
    )


def visits(events: int) -> Iterator[tuple[bytes, bytes]]:
    """The reference workload as browsers send it, with a context and the device's id."""
    for number, (key, value) in enumerate(workload(events, shoppers=SHOPPERS)):
        call = msgspec.json.decode(value)
        page = {"url": f"https://shop.example/p/{number % 500}?utm_source=news&utm_campaign=jan", "referrer": ""}
        context = {"userAgent": AGENTS[number % len(AGENTS)], "page": page, "location": {"country": "DE"}}
        consent = {"consent": {"categoryPreferences": {"Analytics": True, "Advertising": False}}}
        call |= {"anonymousId": f"a-{call['userId']}", "context": context | consent}
        yield key, msgspec.json.encode(call)


def deduplication(calls: list[tuple[bytes, bytes]]) -> float:
    """Seconds of looking up, and remembering, every message's id."""
    intake, shoppers = Intake(parse(REFERENCE.read_text(), {}).plan()), dict[str, Shopper]()
    events = [event for _, value in calls for event in intake.accept(value, 0, from_field=True)]
    begun = time.thread_time()
    for event in events:
        shopper = shoppers.setdefault(event.shopper, Shopper())  # type: ignore[union-attr]
        take_message(shopper, event.message_id, event.body, event.received)  # type: ignore[union-attr]
    return time.thread_time() - begun


if __name__ == "__main__":
    main()
