"""Ids that meet, on a real Apache Kafka."""

import pytest

from tests.support.merging import Merging

pytestmark = pytest.mark.broker


class TestKafkaMerges(Merging):
    size = 120
