"""Instants as a topology writes them: those without a zone are of the shop's."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from pipeline.config.entry import Reading
from pipeline.config.operator import parse_date
from pipeline.domain.value.instant import from_datetime


def _local_instant(value: Any, info: ValidationInfo) -> int:
    """An instant, ms; without a zone it is the shop's. Raises ValueError."""
    zone = info.context.timezone if isinstance(info.context, Reading) else "UTC"
    instant = parse_date(value)
    try:
        local = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return instant
    return (
        from_datetime(local.replace(tzinfo=ZoneInfo(zone))) if local is not None and local.tzinfo is None else instant
    )


LocalInstant = Annotated[
    int, PlainValidator(_local_instant), WithJsonSchema({"type": ["string", "number"], "title": "date"})
]
