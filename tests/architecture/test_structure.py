"""The house's rules that a reviewer would otherwise have to remember."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("pipeline", "agents", "schemas")
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "misc"}


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((REPOSITORY / package).rglob("*.py"))


def test_imports_point_inwards() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_file_holds_one_idea_of_bounded_size(path: Path) -> None:
    source = path.read_text()
    assert path.stem not in EMPTY_NAMES, "a name that says nothing"
    assert source.count("\n") <= 300, "a second idea has moved in"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno
            assert length <= 60, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", sorted((REPOSITORY / "pipeline/domain").rglob("*.py")), ids=lambda path: path.stem)
def test_the_domain_leans_on_no_order_that_a_hash_seed_decides(path: Path) -> None:
    """No loop runs over a set display, and nothing calls the salted hash()."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.For | ast.comprehension):
            assert not isinstance(node.iter, ast.Set | ast.SetComp), f"{path.name}: iterates over a set"
            called = node.iter.func if isinstance(node.iter, ast.Call) else None
            assert not (isinstance(called, ast.Name) and called.id in ("set", "frozenset")), f"{path.name}: over a set"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "hash", f"{path.name}: hash() differs from process to process"
