"""`afterclick replay` as a process, and the files that it wrote."""

import json
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.support.worker_process import afterclick

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReplayRun:
    """What a replay wrote. Lines of a topic stand in the order of the file."""

    def __init__(self, folder: Path, summary: str) -> None:
        self.folder, self.summary = folder, summary

    def lines(self, topic: str) -> list[dict[str, Any]]:
        with (self.folder / f"{topic}.ndjson").open() as file:
            return [json.loads(line) for line in file]

    @cached_property
    def profiles(self) -> dict[str, dict[str, Any]]:
        return {profile["shopper"]: profile for profile in self.lines("profiles")}

    @cached_property
    def dead_letters(self) -> list[dict[str, Any]]:
        return self.lines("dead-letters")

    def counted(self, name: str) -> int:
        """A number of the summary table; 0 if it has no such row."""
        for row in self.summary.splitlines():
            if row.strip().startswith(name + " "):
                return int(row.strip().removeprefix(name).split()[0].replace(",", ""))
        return 0


def replay(topology: Path, inputs: list[Path], output: Path, *options: str | Path, patience: float = 200) -> ReplayRun:
    """Run the command with profiles; fails with what it said if it did not end well within `patience` seconds."""
    files = [*inputs, "--topology", topology, "--output", output]
    done = afterclick("replay", *files, "--profiles", *options, patience=patience)
    assert done.returncode == 0, done.stderr
    return ReplayRun(output, done.stdout)


def instant(text: str) -> int:
    """Ms since the epoch; UTC where no zone is told."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)
