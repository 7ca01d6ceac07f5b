"""What is taken of what clients send, and what is added to it before it is decided about."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.duration import PositiveDuration, format_duration
from pipeline.config.entry import Entry, Reading
from pipeline.config.message import Percent
from pipeline.config.problem import Place
from pipeline.config.source import Block
from pipeline.domain.intake_definition import (
    HotKeyDefinition,
    IntakeDefinition,
    PrivacyDefinition,
    SampleDefinition,
)
from pipeline.domain.value.instant import SECOND

Enriching = Literal["campaign", "country", "device", "referrer"]


class PrivacyRules(Entry):
    """What becomes of calls of those who do not want to be followed. Events on consent, and erasures, always count."""

    do_not_track: Literal["drop", "anonymous", "ignore"] = Field(
        default="ignore",
        description="A call whose context says `doNotTrack` or `globalPrivacyControl`; the collector writes them by the"
        " headers DNT and Sec-GPC. `anonymous`: only what was done under an anonymous id, without the user id.",
    )
    required_consent: tuple[str, ...] = Field(
        default=(),
        description="Categories of the consent manager that a call's context has to grant, all of them:"
        " `consent.categoryPreferences`, or RudderStack's `consentManagement`.",
        examples=[["Analytics"]],
    )
    without_consent: Literal["drop", "anonymous"] = Field(
        default="drop", description="A call whose context does not grant them."
    )
    unknown: Literal["granted", "denied"] = Field(
        default="granted",
        description="A call whose context says nothing of consent, as those of servers; `denied` leaves them out.",
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        for at, name in enumerate(self.required_consent):
            if not name.strip():
                yield ("required_consent", at), "should be the name of a category"
        if not self.required_consent:
            for key in ("without_consent", "unknown"):
                if key in given:
                    yield (key,), "says nothing without required_consent; name the categories, or leave this out"
            if self.do_not_track == "ignore":
                yield (), "leaves nothing out; set do_not_track or required_consent, or leave the block out"

    def definition(self) -> PrivacyDefinition:
        return PrivacyDefinition(
            self.do_not_track, self.required_consent, self.without_consent, self.unknown == "granted"
        )


class HotKeys(Entry):
    """Ids under which more happens than a person can do; `{}` = all defaults."""

    at_most: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = Field(
        default=25, description="Events of one shopper in each `per`; what is above is hot.", examples=[25]
    )
    per: PositiveDuration = Field(
        default=SECOND, description="Spans of event time, side by side since 1970.", examples=["1s"]
    )
    over: Literal["flag", "drop"] = Field(
        default="flag",
        description="`flag` counts what is above, as the remark `hot_key`; `drop` leaves it out as well.",
    )

    def definition(self) -> HotKeyDefinition:
        return HotKeyDefinition(self.at_most, self.per, self.over == "drop")


class Sampling(Entry):
    """Deciding about some shoppers only. Of a shopper all is taken, or nothing."""

    percent: Percent = Field(description="Per cent of shoppers who are taken. Who is stays so.", examples=[10])
    salt: str = Field(default="", description="Another one draws other shoppers.", examples=["2026q1"])

    def definition(self) -> SampleDefinition:
        return SampleDefinition(self.percent, self.salt)


class IntakeRules(Entry):
    """What is taken of what clients send, and what is added. What is left out is counted as a remark."""

    enrich: tuple[Enriching, ...] = Field(
        default=(),
        description="What conditions may ask for of the context of track, page and screen calls:"
        " `context.campaign.*` (utm_campaign as `name`), `context.referrer.class`, `context.device.class`,"
        " `context.location.country`.",
        examples=[["campaign", "referrer", "device", "country"]],
    )
    bots: Literal["flag", "drop"] | None = Field(
        default=None,
        description="Calls of crawlers and headless browsers, by their user agent: `flag` counts them, as the remark"
        " `bot`; `drop` leaves them out as well. Left out: nobody looks.",
    )
    hot_keys: HotKeys | None = Field(
        default=None,
        description="Ids under which more happens than a person can do. Left out: nobody looks.",
        examples=[{"at_most": 25, "per": "1s"}],
    )
    privacy: PrivacyRules | None = Field(
        default=None,
        description="Calls of those who do not want to be followed. Left out: they are as others.",
        examples=[{"required_consent": ["Analytics"]}],
    )
    sample: Sampling | None = Field(
        default=None, description="Deciding about some shoppers only. Left out: about all.", examples=[{"percent": 10}]
    )

    def told(self) -> Iterator[str]:
        """What is done, in words."""
        if self.enrich:
            yield f"reads {' '.join(sorted(self.enrich))}"
        if self.privacy is not None and self.privacy.do_not_track != "ignore":
            yield f"do not track: {self.privacy.do_not_track}"
        if self.privacy is not None and self.privacy.required_consent:
            required = " and ".join(self.privacy.required_consent)
            yield f"without consent to {required}: {self.privacy.without_consent} (unknown: {self.privacy.unknown})"
        if self.sample is not None:
            yield f"takes {self.sample.percent / 100:g} % of shoppers"
        if self.bots is not None:
            yield f"bots: {self.bots}"
        if self.hot_keys is not None:
            most, per = self.hot_keys.at_most, format_duration(self.hot_keys.per)
            yield f"more than {most} events of a shopper in {per}: {self.hot_keys.over}"

    def definition(self) -> IntakeDefinition | None:
        """None where all calls are taken as they are."""
        rules = IntakeDefinition(
            frozenset(self.enrich),
            self.bots or "",
            self.privacy.definition() if self.privacy is not None else None,
            self.sample.definition() if self.sample is not None else None,
        )
        return rules if rules != IntakeDefinition() else None
