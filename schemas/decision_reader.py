"""Reading decisions back from their topics, in either form, to the shape of JSON."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import fastavro
import msgspec

from pipeline.domain.value.instant import format_instant, from_datetime
from schemas.avro import single_object_prefix
from schemas.contract import contract


def decision_reader(topic: str, form: str) -> Callable[[bytes], dict[str, Any]]:
    """What decodes an output topic's values, from `json` or `avro` without a registry, to the shape of JSON."""
    if form == "json":
        return msgspec.json.Decoder(dict[str, Any]).decode
    schema = contract(topic).schema
    parsed, skipped = fastavro.parse_schema(schema), len(single_object_prefix(schema))

    def read(value: bytes) -> dict[str, Any]:
        record: Any = fastavro.schemaless_reader(BytesIO(value[skipped:]), parsed, None)
        return {name: _as_json(field) for name, field in record.items()}

    return read


def _as_json(field: Any) -> Any:
    if isinstance(field, dict):
        return {name: _as_json(value) for name, value in field.items()}
    return format_instant(from_datetime(field)) if isinstance(field, datetime) else field
