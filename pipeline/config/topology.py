"""The topology: what to decide and where it flows, read from one YAML file and checked as a whole.

In the models durations are ms, money is minor units of the shop's currency, other numbers are millionths.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError

from pipeline.config.abandonment import Abandonment
from pipeline.config.computed_trait import ComputedTrait
from pipeline.config.contradiction import contradictions
from pipeline.config.currency import CURRENCIES
from pipeline.config.entry import Entry, Reading
from pipeline.config.erasure import Erasure, Retention
from pipeline.config.flow import (
    ERASURES,
    IDENTITY_CHANGES,
    LOGICAL_TOPICS,
    MESSAGE_TOPICS,
    REWARD_TOPICS,
    SEGMENT_CALLS,
    Kafka,
    physical,
    topic_mistakes,
)
from pipeline.config.identity_rules import IdentityRules
from pipeline.config.inclusion import include
from pipeline.config.intake import IntakeRules
from pipeline.config.journey import JourneyStage, stage_mistakes
from pipeline.config.loyalty import Programme, referral_mistakes
from pipeline.config.messaging import Messaging
from pipeline.config.occasion import occasion_mistakes
from pipeline.config.plan import make_plan
from pipeline.config.problem import Place, TopologyError
from pipeline.config.reference import reference_mistakes
from pipeline.config.rfm import Rfm
from pipeline.config.rule_name import RuleName
from pipeline.config.segment import Segment
from pipeline.config.segment_calls import SegmentCalls
from pipeline.config.sentence import sentence
from pipeline.config.shop import Events, Shop, Time, zones
from pipeline.config.source import Block, Source, read
from pipeline.domain.definition import Plan


class Topology(Entry):
    """What to decide, and where it flows."""

    later_keys: ClassVar[tuple[str, ...]] = ("rewards",)

    version: Literal[1] = Field(description="Version of this language.", examples=[1])
    name: RuleName = Field(
        description="Prefix of consumer groups, changelogs and transactional ids; part of every decision's id.",
        examples=["demo-shop"],
    )
    shop: Shop = Field(default=Shop(), description="Facts of the shop.")
    kafka: Kafka = Field(default=Kafka(), description="How topics are made.")
    topics: dict[str, str] = Field(
        default={},
        description=f"Logical topic -> its name on the brokers. Logical topics: {', '.join(LOGICAL_TOPICS)}.",
        examples=[{"clickstream": "web.clickstream.v1"}],
        json_schema_extra={"propertyNames": {"enum": list(LOGICAL_TOPICS)}},
    )
    events: Events = Field(default=Events(), description="This shop's event names.")
    time: Time = Field(default=Time(), description="What time is made of.")
    intake: IntakeRules | None = Field(
        default=None,
        description="What is taken of what clients send, and what is added. Left out: all, as it is.",
        examples=[{"enrich": ["campaign", "device"], "bots": "drop"}],
    )
    erasure: Erasure | None = Field(
        default=None, description="Erasing shoppers. Left out: nobody is erased.", examples=[{}]
    )
    retention: Retention = Field(default=Retention(), description="How long anything is kept.")
    identity: IdentityRules | None = Field(
        default=None,
        description="When an anonymous id becomes a known shopper's. Left out: never, each id is a shopper.",
        examples=[{"devices": 10}],
    )
    segments: dict[RuleName, Segment] = Field(default={}, description="Groups of shoppers, by name.")
    segment_calls: SegmentCalls | None = Field(
        default=None,
        description="Changes of segments, traits and stage as calls, too. Left out: no.",
        examples=[{"render": "both"}],
    )
    traits: dict[RuleName, ComputedTrait] = Field(default={}, description="Computed traits, by name.")
    rfm: Rfm | None = Field(
        default=None,
        description="Thresholds of RFM scores.",
        examples=[
            {"recency": [115, 181, 297, 482], "frequency": [4, 5, 6, 8], "monetary": [256, 382, 506, 666]},
        ],
    )
    journey: tuple[JourneyStage, ...] = Field(
        default=(),
        description="Stages in the order in which they are asked: the first that holds is the shopper's.",
    )
    abandonment: dict[RuleName, Abandonment] = Field(default={}, description="What is left behind, by name.")
    messaging: Messaging | None = Field(default=None, description="Messages, and who gets them. Left out: none.")
    loyalty: dict[RuleName, Programme] = Field(default={}, description="Loyalty programmes, by name.")

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        yield from stage_mistakes(self.journey)
        yield from referral_mistakes(self.loyalty)
        if self.segment_calls is not None:
            yield from self.segment_calls.clashes(self.segments, self.traits, bool(self.journey))

    def plan(self) -> Plan:
        """What the core is compiled from; made once."""
        return self._plan

    def topic(self, logical: str) -> str:
        """The name of a logical topic on the brokers. Raises KeyError for one that is not in LOGICAL_TOPICS."""
        if logical not in LOGICAL_TOPICS:
            raise KeyError(logical)
        return physical(logical, self.name, self.topics)

    def used_topics(self) -> tuple[str, ...]:
        """The logical topics that this topology reads or writes."""
        unused = {SEGMENT_CALLS} if self.segment_calls is None else set()
        unused.update(MESSAGE_TOPICS if self.messaging is None else ())
        unused.update(() if self.loyalty else REWARD_TOPICS)
        unused.update(() if self.ends_records() else (ERASURES,))
        unused.update({IDENTITY_CHANGES} if self.identity is None else ())
        return tuple(logical for logical in LOGICAL_TOPICS if logical not in unused)

    def ends_records(self) -> bool:
        """Whether a shopper's record may ever end."""
        return self.erasure is not None or self.retention.inactive is not None

    @cached_property
    def _plan(self) -> Plan:
        return make_plan(self)


def load(path: Path | str, environment: Mapping[str, str]) -> Topology:
    """Read, expand and check a topology file. environment: what `${NAME}` stands for.

    Raises TopologyError with every problem of the file.
    """
    return _validated(read(Path(path), environment))


def parse(text: str, environment: Mapping[str, str], file: str = "topology.yaml") -> Topology:
    """As `load`, of a text. file: its name in problems."""
    return _validated(Source(text, file, environment))


def _validated(source: Source) -> Topology:
    reading = _reading(source.root)
    include(source.root, reading)
    topology = None
    reported = {problem.path for problem in source.problems}
    try:
        topology = Topology.model_validate(source.root, context=reading)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            if each["type"] == "too_short" and len(each["input"]) >= each["ctx"]["min_length"]:
                continue  # too short only for want of its wrong entries; those are told
            place = source.known(tuple(step for step in each["loc"] if step != "[key]"))
            reading.found.append((place, *sentence(each)))
    reading.found.extend(reference_mistakes(source.root))
    reading.found.extend(occasion_mistakes(source.root))
    if topology is not None:
        reading.found.extend((place, message, None) for place, message in contradictions(topology))
    name, topics = source.root.get("name"), source.root.get("topics")
    if isinstance(topics, Block):
        named = {logical: topic for logical, topic in topics.items() if isinstance(topic, str)}
        reading.found.extend(topic_mistakes(str(name), named))
    for place, message, meant in dict.fromkeys(reading.found):
        source.report_once(place, message, meant, reported)
    if source.problems or topology is None:
        raise TopologyError(source.problems)
    return topology


def _reading(root: Block) -> Reading:
    """What values are read by, as far as it is right; what is wrong with it is told by its own validator."""
    shop, events = root.get("shop"), root.get("events")
    currency: Any = shop.get("currency") if isinstance(shop, Block) else None
    zone: Any = shop.get("timezone") if isinstance(shop, Block) else None
    aliases: Any = events.get("aliases") if isinstance(events, Block) else None
    named = aliases.items() if isinstance(aliases, Block) else ()
    return Reading(
        currency=currency if isinstance(currency, str) and currency in CURRENCIES else "EUR",
        timezone=zone if isinstance(zone, str) and zone in zones() else "UTC",
        aliases={alias: name for alias, name in named if isinstance(name, str)},
    )
