"""docs/operations.md names what there is."""

import re
from pathlib import Path

from pipeline.config.memory import DEFAULT_MIB
from pipeline.config.settings import resolve
from pipeline.observability.metric_table import DEFINITIONS
from pipeline.observability.reference import DOCUMENT

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `AFTERCLICK_([A-Z_*]+)` \|\s*`?([^`|]*)`?\s*\|", TEXT, re.MULTILINE))
    defaults = resolve({})
    http = f"{defaults.http[0]}:{defaults.http[1]}" if defaults.http else "off"
    assert {name: default.strip() for name, default in rows.items()} == {
        "TOPOLOGY": str(defaults.topology),
        "BROKERS": defaults.brokers,
        "DATA_DIR": str(defaults.data_directory),
        "HTTP": http,
        "SCHEMA_REGISTRY": "",
        "LOG": defaults.log,
        "STANDBYS": str(defaults.standbys),
        "STATE_MEMORY_MIB": str(DEFAULT_MIB),
        "DEAD_LETTER_RATIO": f"{defaults.dead_letter_ratio:g}",
        "KAFKA_*": "",
    }


def test_alerts_and_text_name_metrics_that_there_are() -> None:
    known = {each.full_name for each in DEFINITIONS}
    assert set(re.findall(r"afterclick_[a-z_]+", TEXT)) <= known


def test_files_that_are_named_are_there() -> None:
    repository = Path(DOCUMENT).parents[1]
    for name in re.findall(r"docker/[a-z.]+", TEXT):
        assert (repository / name).exists(), name
