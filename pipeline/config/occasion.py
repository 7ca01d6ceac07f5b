"""Occasions: what asks for a message."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from pipeline.config.abandonment import STAGES
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place, nearest
from pipeline.config.quantity import Whole
from pipeline.config.rule_name import RuleName
from pipeline.config.selection import ANY_EVENT, named_events
from pipeline.config.source import Block
from pipeline.domain.intake.alias import Aliases
from pipeline.domain.message_definition import Occasion as OccasionDefinition

_CHANGES = {
    "segment": ("entered", "exited"),
    "tier": ("joined", "upgraded", "downgraded", "renewed", "will_downgrade"),
}
_Entry = Literal["pending", "confirmed", "reversed", "redeemed", "returned", "expired", "adjusted", "bonus", "expiring"]
_ENTRIES: tuple[str, ...] = get_args(_Entry)


def _one_event(value: Any) -> str:
    names = named_events(value)
    if len(names) > 1 or ANY_EVENT in names:
        raise ValueError("should be the name of one event")
    return names[0]


EventName = Annotated[
    str, BeforeValidator(_one_event), WithJsonSchema({"type": "string", "minLength": 1, "title": "text"})
]


class Occasion(Entry):
    """What asks for the message: a decision of one of these kinds, unless it is silent, or an event itself."""

    abandonment: RuleName | None = Field(None, description="A stage of that abandonment rule.", examples=["cart"])
    stage: Annotated[Whole, Field(ge=1)] | None = Field(
        None, description="Which stage. Left out: every one.", examples=[1]
    )
    segment: str | None = Field(None, description="A change of that segment.", examples=["engaged"])
    tier: str | None = Field(None, description="A change of tier in that loyalty programme.", examples=["club"])
    change: str | None = Field(
        None,
        description="Of a segment `entered` or `exited`; of a tier `joined`, `upgraded`, `downgraded`, `renewed` or"
        " `will_downgrade`.",
        examples=["entered"],
    )
    points: str | None = Field(None, description="An entry of points in that loyalty programme.", examples=["club"])
    entry: _Entry | None = Field(None, description="Which kind of entry.", examples=["confirmed"])
    event: EventName | None = Field(
        None, description="An event of that name, each `order_id` once.", examples=["Order Completed"]
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        kinds = [kind for kind in ("abandonment", "segment", "tier", "points", "event") if getattr(self, kind)]
        if len(kinds) != 1:
            told = " and ".join(kinds) or "none"
            yield (), f"needs exactly one of abandonment, segment, tier, points, event; this has {told}"
            return
        (kind,) = kinds
        for key, of in (("stage", ("abandonment",)), ("change", tuple(_CHANGES)), ("entry", ("points",))):
            if getattr(self, key) is not None and kind not in of:
                yield (key,), f"is for {' and '.join(of)} only, leave it out"
        if kind == "points" and self.entry is None:
            yield (), f"needs entry: {', '.join(_ENTRIES[:-1])} or {_ENTRIES[-1]}"
        standard = Aliases(reading.aliases)
        if self.event is not None and standard[self.event] != self.event:
            yield ("event",), f"rules see standard names: {self.event} is an alias of {standard[self.event]}, name that"
        if kind in _CHANGES and self.change not in _CHANGES[kind]:
            allowed = f"{', '.join(_CHANGES[kind][:-1])} or {_CHANGES[kind][-1]}"
            place: Place = () if self.change is None else ("change",)
            yield place, f"needs change: {allowed}" if self.change is None else f"{self.change!r} should be {allowed}"

    def definition(self) -> OccasionDefinition:
        if self.abandonment:
            return OccasionDefinition("abandonment", self.abandonment, "abandoned", self.stage or 0)
        if self.segment:
            return OccasionDefinition("segment", self.segment, self.change or "")
        if self.tier:
            return OccasionDefinition("tier", self.tier, self.change or "")
        if self.points:
            return OccasionDefinition("points", self.points, self.entry or "")
        return OccasionDefinition("event", self.event or "")


# Key of an occasion -> the section that it refers to, and what stands there.
_TARGETS = {
    "abandonment": ("abandonment", "abandonment rule"),
    "segment": ("segments", "segment"),
    "tier": ("loyalty", "loyalty programme"),
    "points": ("loyalty", "loyalty programme"),
}


def occasion_mistakes(root: Mapping[str, Any]) -> Iterator[tuple[Place, str, str | None]]:
    """What the messages of a file as written refer to and is not there, as (place, what to do, nearest known name)."""
    messaging = root.get("messaging")
    messages = messaging.get("messages") if isinstance(messaging, Mapping) else None
    for name, message in messages.items() if isinstance(messages, Mapping) else ():
        on = message.get("on") if isinstance(message, Mapping) else None
        if not isinstance(on, Mapping):
            continue
        place: Place = ("messaging", "messages", name, "on")
        for key, (section, noun) in _TARGETS.items():
            target, block = on.get(key), root.get(section)
            known = block if isinstance(block, Mapping) else {}
            if isinstance(target, str) and target not in known:
                yield (*place, key), f"there is no {noun} {target}", nearest(target, known)
            elif key == "abandonment" and isinstance(target, str):
                yield from _stage_mistakes(on.get("stage"), target, known[target], place)


def _stage_mistakes(stage: Any, name: str, rule: Any, place: Place) -> Iterator[tuple[Place, str, str | None]]:
    """A stage that a rule as written has not."""
    if not isinstance(rule, Mapping) or type(stage) is not int:
        return
    stages, kind = rule.get("stages"), rule.get("kind", name)
    of = (
        len(stages) if isinstance(stages, list) else len(STAGES[kind]) if "stages" not in rule and kind in STAGES else 0
    )
    if of and stage > of:
        yield (*place, "stage"), f"{name} has {of} stage{'s' if of > 1 else ''}, no stage {stage}", None
