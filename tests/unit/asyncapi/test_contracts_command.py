"""`afterclick contracts`: the document and the page as the command writes them."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.asyncapi.document import document
from pipeline.asyncapi.page import page
from pipeline.cli import app
from pipeline.config.topology import load

EVERY_KIND = Path(__file__).parents[1] / "config" / "every_kind.yaml"


def afterclick(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["contracts", "--topology", str(EVERY_KIND), *arguments])


class Outline(HTMLParser):
    """What a browser would see: elements that are open at the end, ids, and where links lead."""

    VOID = {"meta", "br", "link", "img"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self.elements: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                assert value not in self.ids
                self.ids.add(value or "")
            if name in ("href", "src"):
                self.targets.add(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_document_is_printed_or_written(tmp_path: Path) -> None:
    printed = afterclick("--brokers", "kafka:9092")
    assert printed.exit_code == 0, printed.output
    expected = document(load(EVERY_KIND, {}), "kafka:9092")
    assert json.loads(printed.output) == expected
    written = tmp_path / "asyncapi.json"
    assert afterclick("--brokers", "kafka:9092", "--output", str(written)).output == ""
    assert json.loads(written.read_text()) == expected


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    told = afterclick("--output", str(tmp_path / "no" / "x.json"))
    assert told.exit_code == 1
    assert "can't be written: No such file or directory." in told.output


def test_the_page_is_whole_and_needs_nothing_beside_it() -> None:
    seen = Outline(afterclick("--html").output)
    assert seen.open == []
    assert seen.elements.isdisjoint({"script", "link", "img", "iframe"})
    assert {target.removeprefix("#") for target in seen.targets} <= seen.ids
    assert seen.ids == {"every-decision", *document(load(EVERY_KIND, {}))["channels"]}


@pytest.mark.parametrize("place", ["title", "segment"])
def test_what_a_topology_names_is_never_markup(place: str) -> None:
    made = document(load(EVERY_KIND, {}))
    if place == "title":
        made["info"]["title"] = "<script>alert(1)</script>"
    else:
        made["components"]["messages"]["segment-changes"]["examples"][0]["payload"]["segment"] = (
            "<script>alert(1)</script>"
        )
    text = page(made)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_page_tells_every_field_and_header() -> None:
    text = afterclick("--html").output
    assert "<code>points_to_next</code>" in text
    assert "<code>ce_subject</code>" in text
    assert "kept 30 days" in text
