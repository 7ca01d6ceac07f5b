"""The contracts may grow, and nothing that reads them may break."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipeline.domain.decision import DECISION_TOPICS, SEGMENT_CALLS
from pipeline.domain.shopper import Shopper, TraitValue
from schemas.compatibility import RELEASED, breaks, examples, released
from schemas.contract import HERE, contract
from schemas.json_schema import INTERNAL_TOPIC, text
from schemas.segment_call import CallRenderer
from tests.unit.schemas.sample import decision

VERSIONS = sorted(int(folder.name) for folder in RELEASED.iterdir())


def field(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return next(field for field in schema["fields"] if field["name"] == name)


@pytest.mark.parametrize("topic", DECISION_TOPICS)
def test_each_contract_fits_all_released_versions_of_it(topic: str) -> None:
    assert released(topic), "no released version to compare with"
    for version, old in released(topic).items():
        assert breaks(old, contract(topic).schema) == [], f"breaks version {version}"


def test_there_is_a_released_version_to_compare_with() -> None:
    assert list(range(1, len(VERSIONS) + 1)) == VERSIONS


@pytest.mark.parametrize("topic", DECISION_TOPICS)
def test_examples_take_every_branch_and_every_symbol(topic: str) -> None:
    schema = contract(topic).schema
    kinds = {example["cause"]["kind"] for example in examples(schema)}
    assert kinds >= {"event", "timer", "definition_change", "merge", "erasure", "backfill", "unknown"}
    assert {example["source"] is None for example in examples(schema)} == {True, False}


def test_a_new_field_with_a_default_and_a_new_symbol_may_come() -> None:
    old = contract("segment-changes").schema
    new = copy.deepcopy(old)
    new["fields"].append({"name": "title", "type": ["null", "string"], "default": None, "doc": ""})
    field(new, "change")["type"]["symbols"].insert(0, "refreshed")
    assert breaks(old, new) == []


def remove_required(schema: dict[str, Any]) -> None:
    schema["fields"].remove(field(schema, "segment"))


def remove_nullable(schema: dict[str, Any]) -> None:
    schema["fields"].remove(field(schema, "source"))


def add_without_default(schema: dict[str, Any]) -> None:
    schema["fields"].append({"name": "title", "type": "string", "doc": ""})


def change_type(schema: dict[str, Any]) -> None:
    field(schema, "sequence")["type"] = "string"


def narrow_type(schema: dict[str, Any]) -> None:
    field(schema, "sequence")["type"] = "int"


def change_unit(schema: dict[str, Any]) -> None:
    field(schema, "effective_at")["type"] = {"type": "long", "logicalType": "timestamp-micros"}


def rename_required(schema: dict[str, Any]) -> None:
    field(schema, "segment")["name"] = "segment_name"


def rename_nullable(schema: dict[str, Any]) -> None:
    field(schema, "decided_at")["name"] = "decided"


def remove_symbol(schema: dict[str, Any]) -> None:
    field(schema, "change")["type"]["symbols"].remove("exited")


def remove_nested_field(schema: dict[str, Any]) -> None:
    cause = field(schema, "cause")["type"]
    cause["fields"] = [inner for inner in cause["fields"] if inner["name"] != "message_id"]


def forbid_null(schema: dict[str, Any]) -> None:
    field(schema, "source")["type"] = field(schema, "source")["type"][1]
    del field(schema, "source")["default"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (remove_required, "field segment is gone"),
        (remove_nullable, "field source is gone"),
        (add_without_default, "a new reader fails on a record of the previous version"),
        (change_type, "fails on"),
        (narrow_type, "fails on"),
        (change_unit, "fails on"),
        (rename_required, "field segment is gone"),
        (rename_nullable, "field decided_at is gone"),
        (remove_symbol, "symbol change=exited is gone"),
        (remove_nested_field, "field cause.message_id is gone"),
        (forbid_null, "fails on"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_change_that_breaks_a_reader_is_told(change: Any, told: str) -> None:
    old = contract("segment-changes").schema
    new = copy.deepcopy(old)
    change(new)
    assert any(told in problem for problem in breaks(old, new)), breaks(old, new)


@pytest.mark.parametrize("topic", (*DECISION_TOPICS, SEGMENT_CALLS, INTERNAL_TOPIC))
def test_the_json_schema_is_the_generated_one(topic: str) -> None:
    checked_in = (HERE / f"{topic}.schema.json").read_text(encoding="utf-8")
    assert checked_in == text(topic), "run python -m schemas.json_schema"


def json_schemas() -> list[Path]:
    return sorted(RELEASED.glob("*/*.schema.json"))


@pytest.mark.parametrize("path", json_schemas(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_current_values_pass_every_released_json_schema(path: Path) -> None:
    topic = path.name.removesuffix(".schema.json")
    validator = jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))
    values = calls() if topic == SEGMENT_CALLS else [as_json(example) for example in examples(contract(topic).schema)]
    assert values
    for value in values:
        validator.validate(value)


def calls() -> list[Any]:
    """Every kind of call there is."""
    given = [
        decision("segment-changes"),
        decision("segment-changes", change="exited"),
        *(decision("trait-changes", after=after) for after in (None, True, 1, 0.5, "Shoes")),
        decision("trait-changes"),
        decision("journey-changes"),
    ]
    whose = (Shopper(anonymous=True), Shopper(traits={"email": TraitValue("kim@example.org", 0, "m")}))
    renderer = CallRenderer("shop", "both", ["email"])
    return [json.loads(value) for one in given for shopper in whose for value, _ in renderer.render(one, shopper)]


def test_calls_are_released_too() -> None:
    assert [path for path in json_schemas() if path.name == f"{SEGMENT_CALLS}.schema.json"]


def as_json(example: dict[str, Any]) -> dict[str, Any]:
    instants = {"effective_at", "decided_at", *contract_instants()}
    told = {name: as_json(value) if isinstance(value, dict) else value for name, value in example.items()}
    return {
        name: "2026-01-03T10:00:00.000Z" if name in instants and value is not None else value
        for name, value in told.items()
    }


def contract_instants() -> set[str]:
    return {name for topic in DECISION_TOPICS for name in contract(topic).instants}
