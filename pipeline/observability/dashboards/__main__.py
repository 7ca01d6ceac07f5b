"""Writes docker/grafana/dashboards anew, from the dashboards beside this file."""

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline.observability.dashboards.business import BUSINESS
from pipeline.observability.dashboards.overview import OVERVIEW
from pipeline.observability.dashboards.partitions import PARTITIONS

DASHBOARDS = (OVERVIEW, PARTITIONS, BUSINESS)
_FOLDER = Path(__file__).parents[3] / "docker/grafana/dashboards"


def files() -> Mapping[Path, str]:
    """The text of each file."""
    return {_FOLDER / f"{each.uid}.json": json.dumps(each.rendered(), indent=1) + "\n" for each in DASHBOARDS}


if __name__ == "__main__":
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")
