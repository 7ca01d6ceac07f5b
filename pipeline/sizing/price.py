"""What a month of it costs, at prices that are given: none are assumed."""

import msgspec

from pipeline.sizing.plan import GIB, Sizing


class Prices(msgspec.Struct, frozen=True):
    """A month of one core, and of one GiB of memory, of a worker's disk and of the brokers' disks; in any currency."""

    core: float = 0.0
    memory: float = 0.0
    disk: float = 0.0
    kafka: float = 0.0

    @property
    def given(self) -> bool:
        return bool(self.core or self.memory or self.disk or self.kafka)


def monthly(sizing: Sizing, prices: Prices) -> dict[str, float]:
    """By what is paid for, where a price is given; a core a worker."""
    costs = {
        "cores": sizing.workers * prices.core,
        "memory": sizing.workers * sizing.worker_memory / GIB * prices.memory,
        "disk": sizing.workers * sizing.worker_disk / GIB * prices.disk,
        "kafka_disk": sizing.kafka_bytes / GIB * prices.kafka,
    }
    return {name: cost for name, cost in costs.items() if cost}
