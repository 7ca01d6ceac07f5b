"""What every test may ask for."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared inputs: `AFTERCLICK_SHARED`, else `shared` beside the repository. CI has it."""
    folder = Path(os.environ.get("AFTERCLICK_SHARED") or REPOSITORY.parent / "shared")
    if folder.is_dir():
        return folder
    reason = "the shared inputs are not here (set AFTERCLICK_SHARED)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
