"""The AsyncAPI 3 document of a topology: its channels, what stands in them, and how they are kept.

https://www.asyncapi.com/docs/reference/specification/v3.0.0, with the Kafka bindings in version 0.5.0.
"""

from typing import Any

from pipeline import __version__
from pipeline.asyncapi.example import example
from pipeline.config.flow import CLICKSTREAM, DEAD_LETTERS
from pipeline.config.topology import Topology
from pipeline.domain.decision import DECISION_TOPICS, SEGMENT_CALLS
from pipeline.kafka.topic_plan import TopicPlan
from pipeline.topics import plans_of
from schemas.contract import contract
from schemas.json_schema import json_schema

_BINDING = "0.5.0"
_AVRO = "application/vnd.apache.avro;version=1.9.0"
_JSON_TYPE = "application/json"

_ABOUT = (
    "What Afterclick reads and publishes. Read with isolation.level=read_committed: decisions are transactional, and"
    " what is not committed may be made anew. A decision's id is the same however often it is made; a consumer that"
    " must not act twice keeps the ids it acted on."
)
_KEY = {
    "type": "string",
    "description": "The shopper's id, UTF-8. Partitions are chosen by murmur2, as Java clients do.",
}
_CALL = {
    "type": "object",
    "description": "A call of Segment's spec, as SDKs send it, or a batch of them under `batch`.",
    "additionalProperties": True,
}
_HEADERS = {
    "ce_specversion": "Version of CloudEvents: 1.0.",
    "ce_id": "The decision's id. Dedupe by it.",
    "ce_type": "What happened, as afterclick.segment.entered.",
    "ce_source": "/afterclick/NAME of the topology.",
    "ce_time": "When it became true, RFC 3339.",
    "ce_subject": "The shopper.",
    "content-type": "Of the value.",
}
_LETTER_HEADERS = {
    "reason": "Why it was not taken: a stable word.",
    "detail": "The same for people.",
    "topic": "Where the record stands that this came of.",
    "partition": "Its partition.",
    "offset": "Its offset.",
    "timestamp": "Its timestamp, ms since 1970.",
}


def document(topology: Topology, brokers: str | None = None) -> dict[str, Any]:
    """As data. brokers: `host:port,..` to name as servers, None: name none."""
    plans = [plan for plan in plans_of(topology) if plan.logical in _public()]
    schemas: dict[str, Any] = {}
    messages = {plan.logical: _message(plan.logical, topology, schemas) for plan in plans}
    servers = {} if brokers is None else {"servers": _servers(brokers)}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": topology.name,
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        **servers,
        "defaultContentType": _JSON_TYPE,
        "channels": {plan.logical: _channel(plan) for plan in plans},
        "operations": {_operation_id(plan.logical): _operation(plan.logical) for plan in plans},
        "components": {"messages": messages, "schemas": schemas},
    }


def _public() -> tuple[str, ...]:
    """Others are internal: both agents may change them together."""
    return (CLICKSTREAM, *DECISION_TOPICS, SEGMENT_CALLS, DEAD_LETTERS)


def _servers(brokers: str) -> dict[str, Any]:
    return {
        f"broker-{number}": {"host": host, "protocol": "kafka"}
        for number, host in enumerate(brokers.split(","), start=1)
    }


def _channel(plan: TopicPlan) -> dict[str, Any]:
    settings = plan.settings
    kept = {"cleanup.policy": [settings["cleanup.policy"]], "retention.ms": int(settings["retention.ms"])}
    return {
        "address": plan.name,
        "description": _summary(plan.logical),
        "messages": {plan.logical: {"$ref": f"#/components/messages/{plan.logical}"}},
        "bindings": {
            "kafka": {
                "topic": plan.name,
                "partitions": plan.partitions,
                "replicas": plan.replication,
                "topicConfiguration": kept,
                "bindingVersion": _BINDING,
            }
        },
    }


def _operation_id(logical: str) -> str:
    """`receive` is what Afterclick does: it reads the clickstream, and sends all others."""
    return f"{'receive' if logical == CLICKSTREAM else 'send'}-{logical}"


def _operation(logical: str) -> dict[str, Any]:
    return {
        "action": _operation_id(logical).split("-")[0],
        "channel": {"$ref": f"#/channels/{logical}"},
        "summary": _summary(logical),
        "messages": [{"$ref": f"#/channels/{logical}/messages/{logical}"}],
    }


def _summary(logical: str) -> str:
    told = {
        CLICKSTREAM: "Calls as clients send them.",
        DEAD_LETTERS: "Calls that could not be taken, as they came, with the reason in the headers.",
        SEGMENT_CALLS: "Changes of segments, computed traits and the stage as calls of Segment's spec.",
    }
    return told.get(logical) or str(contract(logical).schema["doc"])


def _message(logical: str, topology: Topology, schemas: dict[str, Any]) -> dict[str, Any]:
    """schemas: takes those that the message refers to."""
    common = {
        "name": logical,
        "summary": _summary(logical),
        "bindings": {"kafka": {"key": _KEY, "bindingVersion": _BINDING}},
    }
    if logical == CLICKSTREAM:
        return common | {"contentType": _JSON_TYPE, "payload": _CALL}
    if logical == DEAD_LETTERS:
        any_bytes = {"description": "The bytes as they came; often not even JSON."}
        return common | {
            "contentType": "application/octet-stream",
            "headers": _headers(_LETTER_HEADERS),
            "payload": any_bytes,
        }
    common |= {"title": contract_title(logical), "headers": _headers(_HEADERS)}
    if logical in DECISION_TOPICS and topology.kafka.format == "avro":
        payload = {"schemaFormat": _AVRO, "schema": contract(logical).schema}
        return common | {"contentType": "application/avro", "payload": payload}
    schemas |= components(logical)
    message: dict[str, Any] = common | {
        "contentType": _JSON_TYPE,
        "payload": {"$ref": f"#/components/schemas/{logical}"},
    }
    if logical in DECISION_TOPICS:
        message["examples"] = [{"name": logical, "payload": example(logical, names_of(topology))}]
    return message


def contract_title(logical: str) -> str:
    """Of the type that stands in a topic of decisions or of calls."""
    return str(json_schema(logical)["title"])


def _headers(meanings: dict[str, str]) -> dict[str, Any]:
    texts = {name: {"type": "string", "description": meaning} for name, meaning in meanings.items()}
    return {"type": "object", "properties": texts}


def components(logical: str) -> dict[str, Any]:
    """The JSON Schema of a topic, and those of its types, as AsyncAPI keeps schemas: by names of one document."""
    schema = json_schema(logical)
    types = schema.pop("$defs", {})
    body = {name: value for name, value in schema.items() if name not in ("$schema", "$id")}
    named = {logical: body} | {f"{logical}.{name}": each for name, each in types.items()}
    return {name: _moved(each, f"#/components/schemas/{logical}.") for name, each in named.items()}


def _moved(schema: Any, prefix: str) -> Any:
    """With references into `$defs` led to where its types are now."""
    if isinstance(schema, list):
        return [_moved(each, prefix) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.replace("#/$defs/", prefix) if name == "$ref" else _moved(value, prefix)
        for name, value in schema.items()
    }


def names_of(topology: Topology) -> dict[str, str]:
    """Names of its rules that stand in fields of decisions."""
    plan = topology.plan()
    found = {
        "segment": next(iter(topology.segments), None),
        "programme": next(iter(topology.loyalty), None),
        "kind": next((rule.name for rule in plan.abandonments), None),
    }
    return {field: name for field, name in found.items() if name is not None}
