"""The engine over a list of raw client calls: `afterclick replay` in process, its files read back."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from pipeline.config.topology import parse
from pipeline.replay.run import Replay
from tests.oracle.oracle import Verdict, topics_of
from tests.oracle.values import instant


def topology_text(topology: dict[str, Any]) -> str:
    """YAML of a topology given as plain values, complete with what every file must say."""
    text = StringIO()
    YAML().dump({"version": 1, "name": "oracle", **topology}, text)
    return text.getvalue()


class Calls:
    """Client calls as an input of replay."""

    name = "calls.ndjson"
    size = 0

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[tuple[int, bytes, bytes | None]]:
        for number, event in enumerate(self._events, 1):
            yield number, json.dumps(event).encode(), None

    def read(self) -> int:
        return 0


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def run(
    events: list[dict[str, Any]], topology: dict[str, Any], until: str | int | None = None, partitions: int = 1
) -> Verdict:
    """All lines, dead letters and profiles of the engine."""
    plan = parse(topology_text(topology), {}).plan()
    end = instant(until) if until is not None else None
    with TemporaryDirectory() as folder:
        output = Path(folder)
        Replay(plan, output, until=end, partitions=partitions, profiles=True).run([Calls(events)])
        return Verdict(
            topics={topic: lines(output / f"{topic}.ndjson") for topic in topics_of(topology)},
            dead=sorted((one["position"]["line"] - 1, one["reason"]) for one in lines(output / "dead-letters.ndjson")),
            profiles={one["shopper"]: one for one in lines(output / "profiles.ndjson")},
        )
