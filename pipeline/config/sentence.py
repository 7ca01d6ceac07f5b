"""Pydantic's errors as sentences that say what to do."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from pipeline.config.problem import nearest
from pipeline.config.rule_name import HOW_TO_NAME

_KINDS = {
    "model_type": "should be a mapping of keys",
    "model_attributes_type": "should be a mapping of keys",
    "dict_type": "should be a mapping of keys",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
    "string_type": "should be text{quoted}",
    "string_too_short": "should not be empty",
    "too_short": "needs at least {min_length}",
    "too_long": "takes at most {max_length}",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "greater_than_equal": "should be at least {ge}",
    "less_than_equal": "should be at most {le}",
    "greater_than": "should be more than {gt}",
    "string_pattern_mismatch": "{input!r} " + HOW_TO_NAME,
}


def sentence(error: ErrorDetails) -> tuple[str, str | None]:
    """What is wrong, and the nearest known word if there is one."""
    context: Mapping[str, Any] = error.get("ctx") or {}
    given = error["input"]
    kind = error["type"]
    if kind == "missing" and isinstance(error["loc"][-1], int):
        return f"is too short, it has no value number {error['loc'][-1] + 1}", None
    if kind == "missing":
        return f"needs {error['loc'][-1]}", None
    if kind == "value_error":
        return str(context["error"]), None
    if kind == "literal_error":
        return _choice(str(context["expected"]), given)
    if kind in _KINDS:
        quoted = f', in quotes: "{given}"' if isinstance(given, (int, float)) else ""
        return _KINDS[kind].format(input=given, quoted=quoted, **context), None
    return error["msg"], None


def _choice(expected: str, given: Any) -> tuple[str, str | None]:
    words = [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    allowed = " or ".join(words)
    if not isinstance(given, str):
        return f"should be {allowed}", None
    return f"{given!r} should be {allowed}", nearest(given, words)
