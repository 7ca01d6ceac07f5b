"""The defences that only a real Kafka can show to be there: see tests/mutation."""

from pathlib import Path

import pytest

from tests.mutation.mutant import Copy, Mutant
from tests.mutation.mutants import ON_KAFKA
from tests.support.apache_kafka import ApacheKafka

pytestmark = pytest.mark.broker


@pytest.mark.parametrize("mutant", ON_KAFKA, ids=lambda mutant: mutant.name)
def test_without_a_defence_a_test_fails(kafka: ApacheKafka, tmp_path: Path, mutant: Mutant) -> None:
    assert Copy(tmp_path / "copy", kafka.brokers).survivor(mutant) == ""
