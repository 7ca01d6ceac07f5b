"""Seeds of `python -m tests.oracle` on which the engine, or the oracle, was wrong once."""

import pytest

from tests.oracle.__main__ import LOOKED_AT

SEEDS = [
    # Messages at one instant on two channels: which one is the last touch.
    ("messages", 200467),
    ("messages", 200967),
    ("merges", 200729),
    # A message and the word that it failed, both at the instant of the next one's sending.
    ("messages", 201098),
    # A bonus that was held for review, and released.
    ("ledgers", 200603),
    # Grants of two ids in one span of a limit.
    ("merges", 200644),
    # A new price that waited for the order of the other id, and is more than a day may bring.
    ("merges", 201027),
]


@pytest.mark.parametrize(("kind", "seed"), SEEDS)
def test_the_engine_and_the_oracle_agree_again(kind: str, seed: int) -> None:
    assert LOOKED_AT[kind](seed) == []
