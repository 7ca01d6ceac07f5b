"""Abandonment rules: what is left behind, and when to say so."""

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import Field

from pipeline.config.condition import Condition
from pipeline.config.duration import Duration, PositiveDuration, format_duration
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.quantity import Money, Whole
from pipeline.config.selection import ANY_EVENT, EventNames
from pipeline.config.source import Block
from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.intake.alias import Aliases
from pipeline.domain.value.instant import DAY, HOUR, MINUTE

Kind = Literal["browse", "cart", "checkout", "exit_intent", "checkout_hesitation", "payment_failure", "wishlist"]
KINDS: tuple[Kind, ...] = get_args(Kind)

SUBJECTS: dict[Kind, tuple[str, ...]] = {
    "browse": ("product", "session"),
    "cart": ("cart",),
    "checkout": ("checkout",),
    "exit_intent": ("cart",),
    "checkout_hesitation": ("checkout",),
    "payment_failure": ("checkout",),
    "wishlist": ("product",),
}
STAGES: dict[Kind, tuple[int, ...]] = {
    "browse": (HOUR,),
    "cart": (4 * HOUR, 24 * HOUR, 72 * HOUR),
    "checkout": (HOUR, 24 * HOUR, 72 * HOUR),
    "exit_intent": (0,),
    "checkout_hesitation": (10 * MINUTE,),
    "payment_failure": (10 * MINUTE,),
    "wishlist": (7 * DAY,),
}
_COOL_DOWN: dict[Kind, int] = {
    **dict.fromkeys(("browse", "wishlist"), 14 * DAY),
    **dict.fromkeys(("cart", "checkout"), 7 * DAY),
    **dict.fromkeys(("exit_intent", "checkout_hesitation", "payment_failure"), DAY),
}
_LONG_AFTER_PURCHASE: tuple[Kind, ...] = ("browse", "wishlist")
_EVENTS: dict[Kind, tuple[str, ...]] = {
    "exit_intent": ("Exit Intent Detected",),
    "payment_failure": ("Payment Failed",),
}


class Abandonment(Entry):
    """One rule. An entry that is named as a kind is of that kind; others say theirs."""

    kind: Kind | None = Field(None, description="What is watched; left out = the entry's name.", examples=["cart"])
    title: str = Field("", description="What people call it; changes nothing.")
    on: EventNames | None = Field(
        None,
        description="Events that arm it, of exit_intent and payment_failure. Left out: Exit Intent Detected, Payment"
        " Failed.",
        examples=["Exit Intent Detected"],
    )
    stages: tuple[Duration, ...] | None = Field(
        None,
        min_length=1,
        description="Delay of each stage: the first from the last own activity, the others from the stage before."
        " Left out: browse [1h], cart [4h, 24h, 72h], checkout [1h, 24h, 72h], exit_intent [0s], checkout_hesitation"
        " and payment_failure [10m], wishlist [7d].",
        examples=[["4h", "24h", "72h"]],
    )
    subject: str | None = Field(
        None,
        description="What an instance is about: of browse product (default) or session, of wishlist product, of"
        " exit_intent cart, of checkout_hesitation and payment_failure checkout, of others the kind itself.",
        examples=["product"],
    )
    minimum_value: Money | None = Field(
        None, description="Value from which on a stage is sent. Left out: the smallest amount.", examples=[0.01]
    )
    minimum_views: Annotated[Whole, Field(ge=1, le=1_000)] = Field(
        1, description="Views of the subject within 7 days that arm a browse rule.", examples=[2]
    )
    cool_down: Duration | None = Field(
        None,
        description="After the last stage, no new instance of the same contents. Left out: browse and wishlist 14d,"
        " cart and checkout 7d, others 1d.",
        examples=["7d"],
    )
    expires: PositiveDuration = Field(
        10 * DAY, description="An instance ends so long after the last own activity.", examples=["10d"]
    )
    recovered_within: Duration = Field(
        5 * DAY, description="An order up to so long after the last stage recovers it.", examples=["5d"]
    )
    after_purchase: Duration | None = Field(
        None,
        description="No stage so long after an order. Left out: browse and wishlist 10d, else 3d.",
        examples=["3d"],
    )
    resets_on: Literal["own_activity", "any_activity"] = Field(
        "own_activity", description="What moves the first stage: edits, or any track, page or screen event."
    )
    on_activity: Literal["hold", "continue", "restart"] = Field(
        "hold", description="What activity does between stages: hold the next one, nothing, or begin anew."
    )
    when: Condition | None = Field(None, description="A stage is sent only if this holds then.")
    unless: Condition | None = Field(None, description="A stage is not sent if this holds then.")

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        name = str(given.place[-1])
        if self.kind is None and name not in KINDS:
            yield (), f"needs kind: {', '.join(KINDS)}; only entries of those names go without"
        elif self.kind is not None and name in KINDS and self.kind != name:
            yield ("kind",), f"an entry named {name} is of kind {name}, name this one otherwise"
        elif self.subject is not None and self.subject not in SUBJECTS[self._kind(name)]:
            kind = self._kind(name)
            yield ("subject",), f"{self.subject} is no subject of {kind}, say {' or '.join(SUBJECTS[kind])}"
        else:
            yield from self._mistakes_of(self._kind(name), given, reading)

    def _mistakes_of(self, kind: Kind, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        stages, standard = self.stages or STAGES[kind], Aliases(reading.aliases)
        if stages[0] > self.expires:
            yield (
                ("expires",),
                f"no stage is ever sent: the first is due {format_duration(stages[0])} after the last activity, and the"
                f" instance expires after {format_duration(self.expires)}",
            )
        for number, delay in enumerate(stages):
            if delay == 0 and (number or kind not in _EVENTS):
                yield ("stages", number), f"should be longer than {given['stages'][number]}"
        if self.on is not None and kind not in _EVENTS:
            yield ("on",), f"only {' and '.join(_EVENTS)} say which events arm them, a {kind} knows its own"
        for name in self.on or ():
            if name == ANY_EVENT:
                yield ("on",), "names events one by one, * is none"
            elif standard[name] != name:
                yield ("on",), f"rules see standard names: {name} is an alias of {standard[name]}, name that"

    def definition(self, name: str, identity: str = "") -> AbandonmentDefinition:
        """The rule as the core takes it, with the defaults of its kind."""
        kind = self._kind(name)
        after_purchase = 10 * DAY if kind in _LONG_AFTER_PURCHASE else 3 * DAY
        return AbandonmentDefinition(
            name=name,
            kind=kind,
            stages=self.stages or STAGES[kind],
            identity=identity,
            subject=self.subject or SUBJECTS[kind][0],
            minimum_value=1 if self.minimum_value is None else self.minimum_value,
            minimum_views=self.minimum_views,
            cool_down=_COOL_DOWN[kind] if self.cool_down is None else self.cool_down,
            expires=self.expires,
            recovered_within=self.recovered_within,
            after_purchase=after_purchase if self.after_purchase is None else self.after_purchase,
            resets_on=self.resets_on,
            on_activity=self.on_activity,
            when=self.when.meaning() if self.when else None,
            unless=self.unless.meaning() if self.unless else None,
            events=self.on or _EVENTS.get(kind, ()),
        )

    def _kind(self, name: str) -> Kind:
        return self.kind or name  # type: ignore[return-value]  # `mistakes` has seen to it
