"""Environments that not every machine can have."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.locked_environment import Unavailable


def fetched(make: Callable[[], Path]) -> Path:
    """What `make` gives; where that cannot be had the test is skipped, and says why."""
    try:
        return make()
    except Unavailable as missing:
        pytest.skip(str(missing))
