"""Who is who: when an anonymous id becomes a known shopper's."""

from typing import Annotated

from pydantic import Field

from pipeline.config.duration import PositiveDuration
from pipeline.config.entry import Entry
from pipeline.config.operator import Pattern
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.value.instant import HOUR

BLOCKED = ("[0-]*", "-1", "null", "none", "undefined", "anonymous")


class IdentityRules(Entry):
    """What an anonymous id did belongs to the user it turns out to be: `userId` and `anonymousId` in one call say so.
    Changes go to `identity-changes`."""

    blocked: tuple[Pattern, ...] = Field(
        default=BLOCKED,
        description="Patterns (RE2) of ids that are nobody's, of the whole id, upper and lower case alike. In `userId`"
        " they count as if nothing was sent; a call without any other id is refused.",
        examples=[["[0-]*", "-1", "null", "anonymous"]],
    )
    devices: Annotated[int, Field(strict=True, ge=1, le=1_000)] = Field(
        default=10,
        description="How many anonymous ids become one user's; further ones stay shoppers of their own.",
        examples=[10],
    )
    wait: PositiveDuration = Field(
        default=HOUR,
        description="How long a user's events wait for what the anonymous id has; then they go on, and it is taken"
        " over late.",
        examples=["1h"],
    )

    def definition(self) -> IdentityDefinition:
        return IdentityDefinition(self.blocked, self.devices, self.wait)
