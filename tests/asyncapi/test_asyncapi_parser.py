"""The document as AsyncAPI's reference parser takes it: without an error or a warning, in both formats."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.asyncapi.document import document
from pipeline.config.topology import load, parse
from schemas.contract import COMMON_FIELDS, contract
from tests.support.fetched import fetched
from tests.support.locked_environment import node_modules

pytestmark = pytest.mark.clients

HERE = Path(__file__).parent
EVERY_KIND = HERE.parent / "unit" / "config" / "every_kind.yaml"
MODULES = HERE.parents[1] / ".venv-asyncapi"


@pytest.fixture(scope="session")
def modules() -> Path:
    return fetched(lambda: node_modules(MODULES, HERE / "package-lock.json"))


def parsed(modules: Path, made: dict[str, Any]) -> dict[str, Any]:
    run = subprocess.run(
        ["node", HERE / "read.cjs"],
        input=json.dumps(made),
        env=os.environ | {"NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def formatted(form: str) -> dict[str, Any]:
    if form == "json":
        return document(load(EVERY_KIND, {}), "kafka:9092")
    small = "version: 1\nname: shop\nkafka: {format: avro}\nsegments: {fans: {when: {orders: {at_least: 1}}}}\n"
    return document(parse(small, {}))


@pytest.mark.parametrize("form", ["json", "avro"])
def test_the_parser_has_nothing_to_say_against_it(modules: Path, form: str) -> None:
    made = formatted(form)
    told = parsed(modules, made)
    # 0: error, 1: warning; below are hints of style
    assert [one for one in told["diagnostics"] if one["severity"] < 2] == []
    found = {channel["id"]: channel for channel in told["channels"]}
    assert found.keys() == made["channels"].keys()
    segments = found["segment-changes"]
    assert segments["operations"] == ["send"]
    (message,) = segments["messages"]
    assert set(message["fields"]) == {*COMMON_FIELDS, *contract("segment-changes").own}


def test_the_parser_finds_a_document_that_is_wrong(modules: Path) -> None:
    made = formatted("json")
    made["operations"]["send-segment-changes"]["channel"]["$ref"] = "#/channels/nowhere"
    made["channels"]["loyalty-tiers"]["bindings"]["kafka"]["partitions"] = 0
    errors = [one for one in parsed(modules, made)["diagnostics"] if one["severity"] == 0]
    assert {one["path"][1] for one in errors} >= {"send-segment-changes", "loyalty-tiers"}
