"""Consent: what may be done where nothing was said, and the condition on what was."""

from typing import Literal

from pydantic import Field

from pipeline.config.entry import Entry
from pipeline.config.rule_name import RuleName
from pipeline.domain.consent_definition import MARKETING, ConsentDefinition, ConsentNow
from pipeline.domain.definition import All, AnyOf, Condition, Not
from pipeline.domain.derived_definition import JourneyDefinition, Stage


class ConsentSettings(Entry):
    """Consent per contact address, channel and purpose, from the events of the shop and of its providers. Changes go to
    `consent-changes`."""

    unknown: Literal["denied", "granted"] = Field(
        default="denied",
        description="What may be done where nothing was said. Transactional messages need no consent.",
        examples=["denied"],
    )
    categories: dict[str, RuleName] = Field(
        default={},
        description="Category of a consent manager, as in `context.consent.categoryPreferences` -> the purpose that it"
        " speaks of, on all channels. Categories that are not named are not read.",
        examples=[{"Advertising": "marketing"}],
    )

    def definition(self) -> ConsentDefinition:
        return ConsentDefinition(self.unknown, dict(sorted(self.categories.items())))


class ConsentTests(Entry):
    """What was said of a purpose on a channel, to the shopper's address there; whatever `messaging.consent.unknown`
    makes of it."""

    channel: RuleName = Field(description="As `email`, `sms`, `push`.", examples=["email"])
    purpose: RuleName = Field(default=MARKETING, description="What messages are for.", examples=["marketing"])
    is_: Literal["granted", "denied", "reduced", "unknown"] = Field(
        alias="is",
        description="`granted`, for fewer messages too; `reduced`, for fewer messages; `denied`; or `unknown`, nothing"
        " was said.",
        examples=["granted"],
    )

    def condition(self) -> ConsentNow:
        return ConsentNow(self.channel, self.purpose, self.is_)


def asks_for_consent(condition: Condition) -> bool:
    """Whether a condition, or a part of it, is on consent."""
    match condition:
        case All(of) | AnyOf(of):
            return any(map(asks_for_consent, of))
        case Not(of):
            return asks_for_consent(of)
        case Stage(journey=JourneyDefinition(stages)):
            return any(one.when is not None and asks_for_consent(one.when) for one in stages)
    return isinstance(condition, ConsentNow)
