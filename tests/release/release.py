"""A release: wheel and sdist that come out the same to the byte wherever they are built, the list of what they need
with hashes (CycloneDX), and whether any of it is known to be vulnerable."""

import os
import subprocess
from pathlib import Path

from tests.support.locked_environment import python_environment

_REPOSITORY = Path(__file__).parents[2]
_LOCK = _REPOSITORY / "docker" / "requirements.lock"
"""Of what is deployed, without what only tests need."""


def python() -> Path:
    """The interpreter with the tools. Raises Unavailable."""
    return python_environment(_REPOSITORY / ".venv-release", Path(__file__).with_name("requirements.lock"))


def build(source: Path, into: Path) -> list[Path]:
    """Sdist, and the wheel from it; both dated by the last commit, as the times of files are those of the checkout."""
    dated = subprocess.run(
        ["git", "-C", str(_REPOSITORY), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False
    ).stdout.strip()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": dated or "1700000000"}
    command = [str(python()), "-m", "build", "--no-isolation", "--outdir", str(into), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return sorted(into.iterdir())


def bill_of_materials(into: Path) -> Path:
    """What a deployment consists of, as CycloneDX JSON: every locked package with its hashes and licence terms as told
    by the lock; the same lock gives the same file."""
    tool = python().with_name("cyclonedx-py")
    command = [str(tool), "requirements", str(_LOCK), "--pyproject", str(_REPOSITORY / "pyproject.toml")]
    command += ["--mc-type", "application", "--output-reproducible", "--of", "JSON", "-o", str(into)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return into


def audit() -> int:
    """Ask PyPI's advisories about the lock, and print what they say: 0 if all of it is known there and none concerns
    it. An index without advisories (most mirrors) is a failure: nothing was examined."""
    tool = python().with_name("pip-audit")
    command = [str(tool), "--strict", "--require-hashes", "--disable-pip", "-r", str(_LOCK)]
    return subprocess.run(command, check=False).returncode
