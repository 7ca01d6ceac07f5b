"""Tools of others that the deployment is checked with; where one cannot be had the test is skipped, and says so."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.fetched import fetched
from tests.support.locked_environment import python_environment

REPOSITORY = Path(__file__).parents[2]
CHART = REPOSITORY / "docker/chart"

_FROM = {
    "promtool": "Debian's package prometheus",
    "systemd-analyze": "Debian's package systemd",
}


def tool(name: str, *arguments: str | Path, refuses: bool = False, given: str = "") -> str:
    """What a tool of this machine says. refuses: it has to fail; else it must not. given: its standard input."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine ({_FROM[name]})")
    return _said([found, *map(str, arguments)], refuses, given)


def python_tool(name: str, *arguments: str | Path, refuses: bool = False) -> str:
    """The same of a tool of tests/deploy/requirements.lock."""
    python = fetched(
        lambda: python_environment(REPOSITORY / ".venv-deploy", Path(__file__).with_name("requirements.lock"))
    )
    return _said([str(python.with_name(name)), *map(str, arguments)], refuses)


def _said(command: list[str], refuses: bool, given: str = "") -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, input=given)
    assert (done.returncode != 0) is refuses, done.stdout + done.stderr
    return done.stdout + done.stderr if refuses else done.stdout
