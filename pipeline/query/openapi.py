"""The query API as an OpenAPI document, made of its operations: `/openapi.json`."""

from functools import cache
from typing import Any

from pipeline import __version__
from pipeline.query.answer_schema import SCHEMAS
from pipeline.query.operation import OPERATIONS, Operation, Parameter

Schema = dict[str, Any]

_ERRORS = {
    "307": "Another worker has it, or the id has become another shopper's: ask at `Location`, with the key.",
    "400": "The path or a parameter cannot be read.",
    "401": "No key, or one that is not known.",
    "403": "The key's scope does not include it.",
    "404": "There is none.",
    "429": "The key asks too often.",
    "503": "Not just now: it starts, moves, or waits for brokers.",
}
_LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where to ask: a URL, or a path here."}}
_LATER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
_TAG = {
    "ETag": {"schema": {"type": "string"}, "description": "For If-None-Match."},
    "Afterclick-Partition-Time": {"schema": {"type": "string"}, "description": "Up to when events are taken in."},
}
_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_KEY = {"type": "http", "scheme": "bearer", "description": "A key of AFTERCLICK_QUERY_KEYS."}


@cache
def document() -> Schema:
    """OpenAPI 3.1, as a JSON object."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Afterclick query API", "version": __version__, "license": _LICENSE},
        "paths": {one.path: {"get": _operation(one)} for one in OPERATIONS},
        "components": {"securitySchemes": {"key": _KEY}, "schemas": dict(SCHEMAS)},
    }


def _operation(operation: Operation) -> Schema:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _scope(operation),
        "security": [] if operation.scope is None else [{"key": []}],
        "parameters": [_in_path(name) for name in names] + [_in_query(one) for one in operation.parameters],
        "responses": _responses(operation),
    }


def _scope(operation: Operation) -> str:
    return "Without a key." if operation.scope is None else f"Scope: {operation.scope.name.lower()}."


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(parameter: Parameter) -> Schema:
    schema = parameter.schema | ({} if parameter.default is None else {"default": parameter.default})
    return {"name": parameter.name, "in": "query", "description": parameter.meaning, "schema": schema}


def _responses(operation: Operation) -> Schema:
    told: Schema = {"200": {"description": "As asked.", "content": _content(operation.answer)}}
    if operation.tagged:
        told["200"]["headers"] = _TAG
        told["304"] = {"description": "As `If-None-Match` has it.", "headers": _TAG}
    for status in _statuses(operation):
        told[status] = {"description": _ERRORS[status], "content": _content("Error")}
    if operation.name == "health":
        told["503"]["content"] = _content(operation.answer)
    for status, headers in (("307", _LOCATION), ("429", _LATER), ("503", _LATER)):
        if status in told and operation.name != "health":
            told[status]["headers"] = headers
    return told


def _statuses(operation: Operation) -> list[str]:
    if operation.scope is None:
        return ["400", "503"] if operation.name == "health" else ["400"]
    found = ["400", "401", "403", "404", "429", "503"]
    return ["307", *found] if operation.local else found


def _content(schema: str) -> Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
