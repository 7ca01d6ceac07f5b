"""Some shoppers, counted, of whom a few are named."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Some:
    """How many, and the first ones by id of those that were added in that order."""

    count: int = 0
    sample: list[str] = field(default_factory=list)

    def add(self, shopper_id: str, samples: int) -> None:
        self.count += 1
        if len(self.sample) < samples:
            self.sample.append(shopper_id)
