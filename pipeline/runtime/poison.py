"""Poison: a record that makes the core fail."""

from pipeline.runtime.dead_letter import FAILED
from pipeline.runtime.fold import Refused


class Poison(Exception):
    """index: of the record in its batch. cause: what was raised."""

    def __init__(self, index: int, cause: Exception) -> None:
        super().__init__(index)
        self.index = index
        self.cause = cause


def failed(error: Exception) -> Refused:
    """What stands for such a record."""
    return Refused(FAILED, type(error).__name__)
