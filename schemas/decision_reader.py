"""Reading decisions back from their topics, in either form, to the shape of JSON."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from pipeline.domain.value.instant import format_instant, from_datetime
from schemas.avro import read


def decision_reader(topic: str, form: str) -> Callable[[bytes], dict[str, Any]]:
    """What decodes an output topic's values, from `json` or `avro` in either framing, to the shape of JSON. It raises
    msgspec.DecodeError or UnreadableDatum of what is no decision."""
    if form == "json":
        return msgspec.json.Decoder(dict[str, Any]).decode
    return lambda value: {name: _as_json(field) for name, field in read(topic, value).items()}


def _as_json(field: Any) -> Any:
    if isinstance(field, dict):
        return {name: _as_json(value) for name, value in field.items()}
    return format_instant(from_datetime(field)) if isinstance(field, datetime) else field
