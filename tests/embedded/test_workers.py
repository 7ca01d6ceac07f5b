"""Whole workers on the embedded broker: what any machine can check without Java. It fences nobody, so what is checked
here is that nothing is skipped and nothing said twice as long as no zombie writes; tests/broker has the rest."""

import pytest

from tests.support.exactly_once import ExactlyOnce

pytestmark = pytest.mark.embedded


class TestEmbeddedBroker(ExactlyOnce):
    size = 4_000
