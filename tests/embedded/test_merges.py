"""Ids that meet, on the embedded broker."""

import pytest

from tests.support.merging import Merging

pytestmark = pytest.mark.embedded


class TestEmbeddedMerges(Merging):
    size = 60
