"""The sample: which shoppers are decided about, where not all are."""

from pipeline.domain.intake_definition import SampleDefinition
from pipeline.domain.messaging.assignment import bucket


class Sample:
    """By a hash of the shopper's id, so that of a shopper all events are taken or none, in every run."""

    def __init__(self, tenant: str, definition: SampleDefinition) -> None:
        self._tenant, self._salt, self._share = tenant, f"sample:{definition.salt}", definition.share

    def takes(self, shopper: str) -> bool:
        return bucket(self._tenant, self._salt, shopper) < self._share
