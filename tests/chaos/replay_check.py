"""A second opinion, not an independent one: `afterclick replay` of the same clickstream must decide the same."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos.topic_log import CLICKSTREAM, DECISIONS, Logs
from tests.support.worker_process import afterclick

_DELIVERY = ("decided_at", "source")


def replay_differences(logs: Logs, topology: Path, folder: Path, until: int) -> list[str]:
    """What live workers published and replay does not, or the other way round, a sentence each. until: when the last
    timer is due, ms."""
    history, output = folder / "clickstream.ndjson", folder / "replayed"
    end = max(until, write_history(logs, history))
    flags: list[str | Path] = ["--topology", topology, "--output", output, "--until", iso(end), "--quiet"]
    done = afterclick("replay", history, *flags)
    if done.returncode:
        return [f"replay failed: {done.stderr}"]
    found = []
    for topic in DECISIONS:
        live = Counter(_text(json.loads(row.value or b"")) for row in logs[topic])
        replayed = Counter(_text(json.loads(line)) for line in (output / f"{topic}.ndjson").read_text().splitlines())
        found += [f"{topic}: replay only: {one}" for one in replayed - live]
        found += [f"{topic}: live only: {one}" for one in live - replayed]
    return found


def write_history(logs: Logs, path: Path) -> int:
    """The clickstream as a file, in order of received time, which each call then tells itself. Returns the last, ms."""
    latest: Counter[int] = Counter()
    calls = []
    for row in logs[CLICKSTREAM]:
        latest[row.partition] = max(latest[row.partition], row.timestamp)
        try:
            body = json.loads(row.value or b"")
        except ValueError:
            continue
        calls.append((latest[row.partition], row.partition, row.offset, body))
    calls.sort(key=lambda call: call[:3])
    with path.open("w") as file:
        file.writelines(json.dumps({**body, "receivedAt": iso(received)}) + "\n" for received, _, _, body in calls)
    return calls[-1][0]


def iso(instant: int) -> str:
    text = datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _text(decision: dict[str, Any]) -> str:
    return json.dumps({name: decision[name] for name in decision if name not in _DELIVERY}, sort_keys=True)
