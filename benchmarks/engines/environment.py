"""A virtual environment for each engine, made from its lock."""

import subprocess
import sys
from pathlib import Path

from tests.support.locked_environment import python_environment

ENVIRONMENTS = Path(__file__).parents[2] / ".venv-bench"

_NEWEST_PYTHON = {"bytewax": (3, 12)}
"""Of the engines that ship no wheels for later ones."""


class Unsupported(Exception):
    """There is no wheel of the engine for this Python."""


def python_of(name: str, lock: Path) -> Path:
    """The interpreter of the environment that `lock` (hashed requirements) describes. Raises Unsupported."""
    newest = _NEWEST_PYTHON.get(name)
    if newest is not None and sys.version_info[:2] > newest:
        raise Unsupported(f"{name} has no wheel for Python later than {newest[0]}.{newest[1]}")
    return python_environment(ENVIRONMENTS / name, lock)


def version_of(python: Path, distribution: str) -> str:
    """What is installed."""
    question = f"import importlib.metadata as m; print(m.version({distribution!r}))"
    return subprocess.run([str(python), "-c", question], check=True, capture_output=True, text=True).stdout.strip()
