"""Draws a result of benchmarks/growth: a panel a figure, a line a case. Runs in an environment of its own
(requirements.lock).

The same result gives the same bytes. Usage: python benchmarks/plot/growth.py RESULT.json PLOT.svg
"""

import json
import sys
from pathlib import Path
from typing import Any

from matplotlib import pyplot
from matplotlib.axes import Axes

COLOURS = ("#1b6e53", "#c8553d", "#3d5a80", "#b8860b", "#7d4e9f", "#5f6b76", "#9aa5b1")


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    pyplot.switch_backend("svg")
    pyplot.rcParams.update({"svg.hashsalt": "afterclick", "svg.fonttype": "none", "font.size": 9})
    figures = json.loads(source.read_text())["figures"]
    panels = figures["panels"]
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure, places = pyplot.subplots(
        rows, columns, figsize=(4.2 * columns, 3 * rows), layout="constrained", squeeze=False
    )
    for place in places.flat[len(panels) :]:
        place.set_axis_off()
    for place, (title, lines) in zip(places.flat, panels.items(), strict=False):
        _draw(place, title, lines, figures["axis"])
    figure.savefig(target, metadata={"Date": None})
    target.write_text("\n".join(line.rstrip() for line in target.read_text().splitlines()) + "\n")


def _draw(place: Axes, title: str, lines: dict[str, Any], axis: str) -> None:
    """A line a case: medians, with a bar from the least to the greatest of the repeats. Numbers on logarithmic axes,
    other points side by side."""
    points = list(dict.fromkeys(point for line in lines.values() for point in line))
    numbers = all(point.replace(".", "").isdigit() for point in points)
    for colour, (name, line) in zip(COLOURS, lines.items(), strict=False):
        where = [float(point) if numbers else points.index(point) for point in line]
        medians = [value["median"] for value in line.values()]
        ranges = [
            [value["median"] - value["min"] for value in line.values()],
            [value["max"] - value["median"] for value in line.values()],
        ]
        style = "-o" if numbers else "o"
        place.errorbar(where, medians, yerr=ranges, fmt=style, ms=4, color=colour, label=name, capsize=2, lw=1.2)
    if numbers:
        place.set_xscale("log")
        place.set_xticks([float(point) for point in points], [f"{float(point):,.0f}" for point in points])
        place.minorticks_off()
    else:
        place.set_xticks(range(len(points)), [point.replace(", ", ",\n") for point in points])
        place.margins(x=0.2)
    values = [value["median"] for line in lines.values() for value in line.values()]
    if min(values) > 0 and max(values) > 30 * min(values):
        place.set_yscale("log")
    else:
        place.set_ylim(bottom=0, top=1.1 * max(value["max"] for line in lines.values() for value in line.values()) or 1)
    place.set_title(title, fontsize=9, loc="left")
    place.set_xlabel(axis)
    place.spines[["top", "right"]].set_visible(False)
    if len(lines) > 1:
        place.legend(frameon=False, fontsize=8)


if __name__ == "__main__":
    main()
