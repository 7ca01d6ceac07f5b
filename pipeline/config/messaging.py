"""Messaging: who may be written to."""

from typing import ClassVar

from pydantic import Field

from pipeline.config.consent import ConsentSettings
from pipeline.config.entry import Entry


class Messaging(Entry):
    """Who may be written to. `{}` = all defaults."""

    later_keys: ClassVar[tuple[str, ...]] = ("quiet_hours", "caps", "arbitration", "holdout", "messages")

    consent: ConsentSettings = Field(default=ConsentSettings(), description="What counts as consent.")
