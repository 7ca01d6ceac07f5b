"""What intake says of one call."""

from pipeline.domain.event import Event
from pipeline.domain.intake.omission import Omission
from pipeline.domain.intake.refusal import Refusal

Answer = Event | Refusal | Omission
