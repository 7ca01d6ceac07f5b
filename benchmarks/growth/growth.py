"""What a question of growth comes to: lines over one axis, as they are kept, printed and drawn."""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from benchmarks.result import FOLDER, record, spread

Scale = Literal["small", "full"]
"""small: seconds, to see that it runs; full: what is kept."""

OUT = Path(__file__).parents[1] / "out"

X = TypeVar("X", bound=Hashable)
M = TypeVar("M")


@dataclass
class Growth:
    """axis: what grows, the names of its points are the keys of every line. panels: title with unit -> line -> point ->
    spread of the repeats. method, target: as in `record`."""

    title: str
    axis: str
    method: str
    target: str
    panels: dict[str, dict[str, dict[str, dict[str, float]]]] = field(default_factory=dict)
    _values: dict[tuple[str, str, str], list[float]] = field(default_factory=dict)

    def add(self, panel: str, line: str, point: object, values: Sequence[float], digits: int = 2) -> None:
        """Repeats of one point, together with those added before."""
        seen = self._values.setdefault((panel, line, str(point)), [])
        seen += values
        self.panels.setdefault(panel, {}).setdefault(line, {})[str(point)] = spread(seen, digits)

    def write(self, name: str, scale: Scale) -> Path:
        """results/growth-NAME.json; benchmarks/out/ on the small scale, which is not for keeping."""
        folder = FOLDER if scale == "full" else OUT
        figures: dict[str, Any] = {"title": self.title, "axis": self.axis, "panels": self.panels}
        record(f"growth-{name}", self.method, self.target, figures, folder)
        return folder / f"growth-{name}.json"


def cpu_seconds(work: Callable[[], object]) -> float:
    """User and system time of this process, all threads, over `work`: RocksDB's compaction counts as well."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def alternating(repeats: int, measures: Mapping[X, Callable[[], M]]) -> dict[X, list[M]]:
    """Each of the measures, one after the other, `repeats` times over: a busy minute hits all of them."""
    found: dict[X, list[M]] = {point: [] for point in measures}
    for _ in range(repeats):
        for point, measure in measures.items():
            found[point].append(measure())
    return found
