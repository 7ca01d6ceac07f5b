"""What a collector takes in on one core, in front of a real Kafka with acks=all, and how long an answer takes.

Usage: python -m benchmarks.collector [--seconds 20] [--repeats 3] [--batch 20]
"""

import argparse
import base64
import json
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from benchmarks import process
from benchmarks.cluster import Cluster, cluster
from benchmarks.request_load import paced, saturated
from benchmarks.result import record, spread
from tests.support.apache_kafka import free_port
from tests.support.worker_process import eventually

TARGET = 10_000
"""Events a second; latency is measured at half of it."""
CONNECTIONS = 32
SHOPPERS = 2_000

_CONTEXT = {
    "page": {
        "path": "/p/31", "referrer": "https://mail.example/", "search": "?utm_source=news", "title": "A mug",
        "url": "https://shop.example/p/31?utm_source=news",
    },
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36",
    "locale": "de-DE", "timezone": "Europe/Berlin", "campaign": {"source": "news", "medium": "email", "name": "jan"},
    "library": {"name": "analytics.js", "version": "next-1.84.3"},
}  # fmt: skip
_VIEWED = {
    "product_id": "31", "sku": "MUG-R", "category": "Mugs", "name": "A mug", "brand": "ACME", "price": 12.5,
    "quantity": 1, "currency": "EUR", "url": "https://shop.example/p/31",
}  # fmt: skip


def requests_of(batch: int) -> list[bytes]:
    """Requests as @segment/analytics-next sends them in batches, each of a visitor of its own, about 900 bytes an
    event."""
    return [_request(number, batch) for number in range(SHOPPERS)]


def _request(shopper: int, batch: int) -> bytes:
    calls = [
        {
            "type": "track", "event": "Product Viewed", "properties": _VIEWED, "context": _CONTEXT, "integrations": {},
            "anonymousId": f"{shopper:08x}-48c0-4b21-9f0e-6f1c2f2a7d11", "userId": None,
            "messageId": f"ajs-next-1796000000000-{shopper:08x}-{number:04x}",
            "timestamp": "2026-11-30T10:00:00.000Z", "_metadata": {"bundled": ["Segment.io"], "unbundled": []},
        }
        for number in range(batch)
    ]  # fmt: skip
    body = json.dumps({"writeKey": "wk", "batch": calls, "sentAt": "2026-11-30T10:00:00.412Z"}).encode()
    head = (
        "POST /v1/b HTTP/1.1\r\nHost: collect.shop.example\r\nContent-Type: text/plain\r\n"
        f"Authorization: Basic {base64.b64encode(b'wk:').decode()}\r\nOrigin: https://shop.example\r\n"
        f"User-Agent: {_CONTEXT['userAgent']}\r\nAccept: */*\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=20)
    given = parser.parse_args()
    runs = [_run(given.seconds, given.batch) for _ in range(given.repeats)]
    record(
        "collector",
        "`afterclick collector` on one core in front of Apache Kafka (4 partitions, acks=all), the generator on the "
        f"other; requests of {given.batch} track calls, about 900 bytes each, as analytics-next sends them in batches, "
        f"plain HTTP over loopback. First {CONNECTIONS} connections, each sending its next request when the one before "
        f"is answered, for {given.seconds:g} s; then {TARGET // 2:,} events/s evenly spread for three times as long, "
        f"latency from when a request was due. CPU is that of the collector, its producer's threads among it. Memory "
        f"is resident at the end of the latter, and its growth over its second half.",
        f">= {TARGET:,} events/s; p99 < 50 ms at half of it; memory flat",
        {name: spread([run[name] for run in runs], 2) for name in runs[0]} | {"batch": given.batch},
    )


def _run(seconds: float, batch: int) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), time_block="") as beside:
        port, requests = free_port(), requests_of(batch)
        collector = _start(beside, port)
        try:
            eventually("the collector answers", lambda: _answers(port), 30)
            saturated(port, requests, 3, CONNECTIONS)
            before = process.cpu_seconds(collector.pid)
            full = saturated(port, requests, seconds, CONNECTIONS)
            cpu = process.cpu_seconds(collector.pid) - before
            rate = TARGET / 2 / batch
            paced(port, requests, 1.5 * seconds, rate, 4 * CONNECTIONS)
            half_way = process.resident(collector.pid)
            half = paced(port, requests, 1.5 * seconds, rate, 4 * CONNECTIONS)
            resident = process.resident(collector.pid)
        finally:
            collector.terminate()
            collector.wait(30)
    return {
        "events_per_second": full.requests * batch / full.seconds,
        "cpu_us_per_event": cpu * 1e6 / (full.requests * batch),
        "p50_ms": half.percentile(0.5) * 1_000,
        "p99_ms": half.percentile(0.99) * 1_000,
        "resident_mib": resident / 2**20,
        "growth_mib": (resident - half_way) / 2**20,
    }


def _start(beside: Cluster, port: int) -> "subprocess.Popen[bytes]":
    flags = ["--topology", str(beside.topology), "--brokers", beside.brokers, "--http", "off"]
    place = ["--listen", f"127.0.0.1:{port}", "--data-dir", str(beside.folder / "collector")]
    settings = {"AFTERCLICK_COLLECTOR_WRITE_KEYS": "wk", "AFTERCLICK_COLLECTOR_ORIGINS": "*"}
    command = [*process.AFTERCLICK, "collector", *flags, *place]
    return process.start(command, beside.folder / "collector.log", settings)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    main()
