"""Every benchmark that `make bench` names can be started, and takes the options given to it."""

import importlib

import pytest

from benchmarks.__main__ import ORDER


@pytest.mark.parametrize("name", ORDER)
def test_every_benchmark_finds_what_it_imports(name: str) -> None:
    module = importlib.import_module(
        f"benchmarks.{name}" if name not in ("growth", "engines") else f"benchmarks.{name}.__main__"
    )
    assert callable(module.main)
