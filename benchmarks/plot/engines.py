"""Draws results/engines.json: throughput and CPU of each engine. Runs in an environment of its own (requirements.lock).

The same result gives the same bytes. Usage: python benchmarks/plot/engines.py RESULT.json PLOT.svg
"""

import json
import sys
from pathlib import Path
from typing import Any

from matplotlib import pyplot
from matplotlib.axes import Axes

OURS, THEIRS = "#1b6e53", "#9aa5b1"
PANELS = (
    ("events_per_second", "events/s, warm second half (more is better)"),
    ("cpu_seconds_per_million", "CPU seconds a million events (less is better)"),
)


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    pyplot.switch_backend("svg")
    pyplot.rcParams.update({"svg.hashsalt": "afterclick", "svg.fonttype": "none", "font.size": 10})
    engines = json.loads(source.read_text())["figures"]["engines"]
    figure, axes = pyplot.subplots(1, len(PANELS), figsize=(11, 0.5 * len(engines) + 1.2), layout="constrained")
    for place, (figure_name, title) in zip(axes, PANELS, strict=True):
        _draw(place, engines, figure_name, title)
    axes[-1].set_yticklabels([])
    figure.savefig(target, metadata={"Date": None})


def _draw(place: Axes, engines: dict[str, Any], name: str, title: str) -> None:
    """A bar an engine: the median, with a line from the least to the greatest of the repeats."""
    values = [engine[name] for engine in engines.values()]
    medians = [value["median"] for value in values]
    ranges = [
        [value["median"] - value["min"] for value in values],
        [value["max"] - value["median"] for value in values],
    ]
    colours = [OURS if engine.startswith("afterclick") else THEIRS for engine in engines]
    place.barh(list(engines), medians, xerr=ranges, color=colours, ecolor="#333333", height=0.6)
    for row, (median, value) in enumerate(zip(medians, values, strict=True)):
        place.annotate(f"{median:,.0f}", (value["max"], row), xytext=(6, 0), textcoords="offset points", va="center")
    place.invert_yaxis()
    place.margins(x=0.15)
    place.set_title(title, fontsize=10, loc="left")
    place.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
