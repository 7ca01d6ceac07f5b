"""What an entry of `abandonment:` means.

Part of `definition.py`, in which the units are told.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.domain.definition import Condition


@dataclass(frozen=True, slots=True)
class AbandonmentDefinition:
    """One entry of `abandonment:`. `name` is the `kind` in outputs; `kind` is one of those of abandonment/rule.py.

    stages: delay of each stage in ms, the first from the last own activity, the others from the stage before. events:
    names of those that arm it, where the kind does not say it.
    """

    name: str
    kind: str
    stages: tuple[int, ...]
    identity: str
    subject: str
    minimum_value: int
    minimum_views: int
    cool_down: int
    expires: int
    recovered_within: int
    after_purchase: int
    resets_on: str = "own_activity"
    on_activity: str = "hold"
    when: "Condition | None" = None
    unless: "Condition | None" = None
    events: tuple[str, ...] = ()
