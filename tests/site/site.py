"""The documentation's site, built by MkDocs from its own environment. What MkDocs warns of is an error."""

import os
import subprocess
from pathlib import Path

from tests.support.locked_environment import python_environment

_REPOSITORY = Path(__file__).parents[2]


def python() -> Path:
    """The interpreter that has MkDocs. Raises Unavailable."""
    return python_environment(_REPOSITORY / ".venv-site", Path(__file__).with_name("requirements.lock"))


def build(into: Path) -> "subprocess.CompletedProcess[str]":
    """Whatever stood in `into` is replaced."""
    command = [str(python()), "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(into)]
    # Material's notice about MkDocs 2 is about no page of ours.
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=_REPOSITORY, env=environment, capture_output=True, text=True, check=False)
