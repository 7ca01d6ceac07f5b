"""Some shoppers, or things of theirs, counted, of whom a few are named."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Some:
    """How many there were, and who: the first ones, each once."""

    count: int = 0
    sample: list[str] = field(default_factory=list)

    def add(self, shopper_id: str, samples: int) -> None:
        self.count += 1
        if len(self.sample) < samples and shopper_id not in self.sample:
            self.sample.append(shopper_id)
