"""Results: what was measured, how, where and when, as JSON files that are kept in the repository."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks import machine

FOLDER = Path(__file__).parent / "results"

Figure = float | int | Mapping[str, float]


def spread(values: Sequence[float], digits: int = 0) -> dict[str, float]:
    """Least, median and greatest of the repeats."""
    chosen = (min(values), median(values), max(values))
    rounded = [round(value, digits) if digits else float(round(value)) for value in chosen]
    return dict(zip(("min", "median", "max"), rounded, strict=True))


def record(name: str, method: str, target: str, figures: Mapping[str, Figure | str], folder: Path = FOLDER) -> None:
    """Write NAME.json to `folder` and print it. method: how it was measured, target: what was to be reached."""
    result = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.describe(),
        "load_average": machine.load(),
        "method": method,
        "target": target,
        "figures": figures,
    }
    text = json.dumps(result, indent=2)
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(text + "\n")
    print(text)
