"""Every YAML block of the documents is what it says: a topology, a part of one, a standard segment, or the chart's
values."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from pipeline.config.library import names
from pipeline.config.topology import Topology, parse
from pipeline.domain.decide import Engine
from tests.documents.document import REPOSITORY, Block, every_block

WHOLE = Path(__file__).with_name("topology.yaml").read_text()
VALUES = REPOSITORY / "docker/chart/values.schema.json"
BLOCKS = every_block("yaml")
SETTINGS = {"ERASURE_PEPPER": "0123456789abcdef0123456789abcdef"}
"""What `${..}` in them stands for."""


def loaded(text: str) -> dict[str, Any]:
    return dict(YAML(typ="safe", pure=True).load(text))


def whole(text: str) -> str:
    """The topology that a block stands for. A part replaces that key of a topology that has all else that it names."""
    given = loaded(text)
    if "version" in given:
        return text
    parts = given if given.keys() <= set(Topology.model_fields) else {"segments": given}
    kept = {key: value for key, value in loaded(WHOLE).items() if key not in parts}
    # What another part of the topology refers to stays beside what is shown.
    for key in ("segments", "messaging"):
        if key in parts:
            parts[key] = {**loaded(WHOLE)[key], **parts[key]}
    return json.dumps({**kept, **parts})


def test_there_are_blocks() -> None:
    assert len(BLOCKS) > 25


@pytest.mark.parametrize("block", BLOCKS, ids=[block.place for block in BLOCKS])
def test_a_yaml_block_is_valid(block: Block) -> None:
    if block.text.startswith("# values.yaml"):
        jsonschema.validate(loaded(block.text), json.loads(VALUES.read_text()))
    else:
        Engine(parse(whole(block.text), SETTINGS).plan())


def test_a_part_that_is_wrong_is_found() -> None:
    with pytest.raises(Exception, match="stages"):
        parse(whole("abandonment: {cart: {stages: never}}"), SETTINGS)


def test_the_library_page_shows_each_segment() -> None:
    shown = {name for block in BLOCKS if "library.md" in block.place for name in loaded(block.text)}
    assert set(names()) <= shown
