"""What the documents show must hold: topologies load, links lead somewhere, commands exist."""

import re
from pathlib import Path

import pytest

from pipeline.config.topology import parse
from tests.documents.document import DOCUMENTS, REPOSITORY

NAMES = [document.name for document in DOCUMENTS]


def test_the_topology_of_the_readme_is_valid_and_has_twenty_lines() -> None:
    shown = re.search(r"```yaml\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.S)
    assert shown is not None
    assert len(shown[1].splitlines()) <= 20
    assert {one.name for one in parse(shown[1], {}).plan().segments} == {"engaged", "buyers", "slipping"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_links_lead_to_files_that_are_there(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text())
    missing = [one for one in targets if "://" not in one and not (document.parent / one).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_targets_of_make_exist_and_read_the_variables_that_are_shown(document: Path) -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    for target, rest in re.findall(r"(?:^|`)make ([a-z-]+)([^`#\n]*)", document.read_text(), re.MULTILINE):
        assert f"\n{target}:" in makefile, target
        for variable in re.findall(r"\b([A-Z]+)=", rest):
            assert f"$({variable})" in makefile or f"$(or $({variable})," in makefile, variable


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_tests_that_are_named_exist(document: Path) -> None:
    there = {str(one.relative_to(REPOSITORY)) for one in (REPOSITORY / "tests").rglob("*.py")}
    named = re.findall(r"[\w/]*test_\w+\.py", document.read_text())
    assert [one for one in named if not any(f"/{path}".endswith(f"/{one}") for path in there)] == []


def test_each_line_of_the_comparison_names_its_source() -> None:
    page = (REPOSITORY / "docs/comparison.md").read_text()
    rows = re.findall(r"^(?:\* .*(?:\n  .*)*|\| (?!\|).*\|)$", page, re.MULTILINE)
    heads = [above for above, below in zip(page.splitlines(), page.splitlines()[1:], strict=False) if "|---" in below]
    assert len(rows) > 25
    assert [row for row in rows if "](" not in row and row not in heads] == []
