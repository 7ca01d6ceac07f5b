"""Decisions in Avro: the datum of a decision, its binary form, and the two framings that tell a reader the schema."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

from pipeline.domain.decision import Decision
from schemas.contract import ContractError, contract
from schemas.rendering import own_fields

# Confluent framing: this byte, then the registry's 4-byte id, big-endian.
CONFLUENT = b"\x00"
# Avro single-object encoding: these bytes, then the schema's fingerprint, little-endian.
SINGLE_OBJECT = b"\xc3\x01"


def single_object_prefix(schema: dict[str, Any]) -> bytes:
    """The 10 bytes before a datum in Avro single-object encoding: `C3 01` and the CRC-64-AVRO of the canonical form."""
    # fastavro gives the fingerprint's bytes in the order in which they stand in the message.
    return SINGLE_OBJECT + bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


def confluent_prefix(schema_id: int) -> bytes:
    """The 5 bytes before a datum whose schema is in a registry."""
    return CONFLUENT + schema_id.to_bytes(4, "big")


class UnreadableDatum(ValueError):
    """Bytes that are no decision of the topic in one of the two framings, by the contract as it is here."""


def read(topic: str, value: bytes) -> dict[str, Any]:
    """A decision as a record of its topic's schema; instants are datetimes. Raises UnreadableDatum."""
    begin = len(SINGLE_OBJECT) + 8 if value.startswith(SINGLE_OBJECT) else len(CONFLUENT) + 4
    try:
        found = fastavro.schemaless_reader(BytesIO(value[begin:]), _parsed(topic), None)
    except (EOFError, ValueError, LookupError, TypeError, OverflowError) as error:
        raise UnreadableDatum(f"no decision of {topic}: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise UnreadableDatum(f"no decision of {topic}")
    return found


@cache
def _parsed(topic: str) -> Any:
    return fastavro.parse_schema(contract(topic).schema)


def datum(decision: Decision, source: dict[str, Any] | None) -> dict[str, Any]:
    """A decision as a record of its topic's schema; instants stay ms. Raises ContractError, see own_fields."""
    record = own_fields(contract(decision.topic), decision)
    record.update(
        id=decision.id,
        shopper=decision.shopper,
        effective_at=decision.effective_at,
        decided_at=decision.decided_at,
        cause={"kind": decision.cause_kind, "message_id": decision.message_id},
        definition=decision.definition,
        silent=decision.silent,
        source=source,
    )
    return record


def writer(topic: str, prefix: bytes) -> Callable[[Decision, dict[str, Any] | None], bytes]:
    """A function that encodes decisions of one topic, each behind `prefix`. It raises ContractError."""
    schema = _parsed(topic)

    def write(decision: Decision, source: dict[str, Any] | None) -> bytes:
        out = BytesIO()
        out.write(prefix)
        try:
            fastavro.schemaless_writer(out, schema, datum(decision, source))
        except (ValueError, TypeError) as error:
            # The writer's own message quotes values, which may be personal.
            raise ContractError(f"{decision.type} does not fit {topic}.avsc ({type(error).__name__})") from None
        return out.getvalue()

    return write
