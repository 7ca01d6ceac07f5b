"""What can be asked: each path with its parameters and the scope it needs. Answers and document are made of it."""

from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes

from pipeline.query.key_ring import Scope
from pipeline.query.refused import Refused

_MOST_FIELDS = 16


class Parameter(NamedTuple):
    """schema: of JSON Schema; of a number with its bounds. default: None = it may be absent."""

    name: str
    meaning: str
    schema: dict[str, Any]
    default: Any = None


class Operation(NamedTuple):
    """path: `{name}` stands for one segment. scope: None = without a key. answer: name of its schema. local: another
    worker may have what is asked for. tagged: its answer has an ETag."""

    name: str
    path: str
    scope: Scope | None
    summary: str
    answer: str
    parameters: tuple[Parameter, ...] = ()
    local: bool = False
    tagged: bool = True


def _limit(default: int, most: int, of: str) -> Parameter:
    return Parameter("limit", f"At most so many {of}.", {"type": "integer", "minimum": 1, "maximum": most}, default)


INCLUDE = Parameter(
    "include",
    "`personal`: with traits, addresses and payloads; needs a key of that scope.",
    {"enum": ["personal"]},
)
_EXPLAIN = Parameter("explain", "A segment or programme, to be explained with it.", {"type": "string", "minLength": 1})
_CURSOR = Parameter("cursor", "`next_cursor` of the page before.", {"type": "string"}, "0.")
_TOPIC = Parameter("topic", "Only of this topic, as `segment-changes`.", {"type": "string", "minLength": 1})
_SHOPPER = Parameter("shopper", "Only of this shopper.", {"type": "string", "minLength": 1})

OPERATIONS = (
    Operation("health", "/v1/health", None, "Whether shoppers can be asked for here.", "Health", tagged=False),
    Operation("document", "/openapi.json", None, "This document.", "Document"),
    Operation("topology", "/v1/topology", Scope.READ, "What is declared: topics, segments, programmes.", "Topology"),
    Operation(
        "partitions", "/v1/partitions", Scope.ADMIN, "Which partitions are here, and who has the others.", "Partitions"
    ),
    Operation(
        "shopper",
        "/v1/shoppers/{shopper}",
        Scope.READ,
        "What is known of a shopper.",
        "Shopper",
        (_EXPLAIN, INCLUDE),
        local=True,
    ),
    Operation(
        "explain",
        "/v1/shoppers/{shopper}/explain/{rule}",
        Scope.READ,
        "Why a shopper is in a segment or on a tier, or is not.",
        "Explanation",
        (INCLUDE,),
        local=True,
    ),
    Operation(
        "ledger",
        "/v1/shoppers/{shopper}/ledger",
        Scope.READ,
        "The entries of a shopper's points, as far back as their topic is kept. It reads a partition of that topic.",
        "Ledger",
        (_limit(100, 1_000, "entries of each programme, the latest"),),
    ),
    Operation(
        "members",
        "/v1/segments/{segment}/members",
        Scope.READ,
        "Who is in a segment, a page at a time. A page ends with its slice of work, and may have few or none.",
        "Members",
        (_limit(100, 1_000, "members"), _CURSOR),
        local=True,
    ),
    Operation(
        "decisions",
        "/v1/decisions",
        Scope.READ,
        "The latest decisions, of all partitions: up to 500 of each topic are at hand.",
        "Decisions",
        (_TOPIC, _SHOPPER, _limit(50, 500, "decisions"), INCLUDE),
    ),
)


def segments_of(raw_path: bytes) -> list[str]:
    """A path's parts, each decoded by itself: an id may have a slash. Raises Refused."""
    try:
        return [unquote_to_bytes(part).decode() for part in raw_path.split(b"/")]
    except UnicodeDecodeError:
        raise Refused(400, "wrong_path", "The path is to be UTF-8, percent-encoded.") from None


def operation_of(segments: list[str]) -> tuple[Operation, dict[str, str]]:
    """And what stands for the names in its path. Raises Refused."""
    for operation in OPERATIONS:
        names = operation.path.split("/")
        if len(names) == len(segments):
            captured = {
                name[1:-1]: part for name, part in zip(names, segments, strict=True) if name.startswith("{") and part
            }
            if [captured.get(name[1:-1], name) for name in names] == segments:
                return operation, captured
    raise Refused(404, "not_found", "There is nothing at this path; /openapi.json lists what there is.")


def arguments_of(operation: Operation, query: str) -> dict[str, Any]:
    """By name of parameter, the defaults too. Raises Refused."""
    try:
        given = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise Refused(400, "wrong_query", "The query is to be UTF-8, percent-encoded, and short.") from None
    known = {one.name: one for one in operation.parameters}
    found: dict[str, Any] = {one.name: one.default for one in operation.parameters}
    told = set[str]()
    for name, text in given:
        if name not in known or name in told:
            names = ", ".join(known) or "none"
            raise Refused(400, "wrong_parameter", f"A parameter is not known here, or twice; there are: {names}.")
        told.add(name)
        found[name] = _value(known[name], text)
    return found


def _value(parameter: Parameter, text: str) -> Any:
    schema = parameter.schema
    if schema.get("type") == "integer":
        least, most = schema["minimum"], schema["maximum"]
        if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
            raise Refused(400, "wrong_parameter", f"{parameter.name} is to be a number from {least} to {most}.")
        return int(text)
    if "enum" in schema and text not in schema["enum"]:
        raise Refused(400, "wrong_parameter", f"{parameter.name} is to be {' or '.join(schema['enum'])}.")
    if len(text) < schema.get("minLength", 0):
        raise Refused(400, "wrong_parameter", f"{parameter.name} is empty.")
    return text
