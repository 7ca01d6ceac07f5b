"""Archives as vendors write them, and what an import makes of them."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.archive.enriched_event import COLUMNS
from pipeline.archive.source import ArchiveSource, Item
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal

PLAN = Plan("shop", "digest")


def enriched(**columns: Any) -> bytes:
    """A row of an enriched event; columns that are not given are empty, contexts and events are JSON."""
    unknown = columns.keys() - set(COLUMNS)
    assert not unknown, unknown
    cells = (columns.get(name, "") for name in COLUMNS)
    return "\t".join(json.dumps(cell) if isinstance(cell, dict) else str(cell) for cell in cells).encode()


def described(schema: str, data: Any) -> dict[str, Any]:
    """Self-describing JSON of a context or an event."""
    return {"schema": f"iglu:com.snowplowanalytics.snowplow/{schema}/jsonschema/1-0-0", "data": data}


def write(path: Path, lines: Iterable[bytes | dict[str, Any]]) -> Path:
    """Compressed, where the name says so."""
    rows = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    body = b"".join(row + b"\n" for row in rows)
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path


def items(path: Path, form: str) -> list[Item]:
    return list(ArchiveSource(path, form))


def taken(path: Path, form: str, plan: Plan = PLAN) -> list[Event | Refusal]:
    """What intake makes of each item."""
    intake, found = Intake(plan), list[Event | Refusal]()
    for item in items(path, form):
        found += [item.value] if isinstance(item.value, Refusal) else intake.accept(item.value, 0, from_field=True)
    return found


def events(path: Path, form: str, plan: Plan = PLAN) -> list[Event]:
    """Of an archive of which nothing is refused."""
    found = taken(path, form, plan)
    assert found and [one for one in found if not isinstance(one, Event)] == []
    return [one for one in found if isinstance(one, Event)]
