"""What earns points in a loyalty programme."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from pipeline.config.duration import PositiveDuration
from pipeline.config.entry import Entry, Reading
from pipeline.config.local_instant import LocalInstant
from pipeline.config.operator import PropertyPath
from pipeline.config.problem import Place, nearest
from pipeline.config.quantity import PositiveMicro, PositiveMoney, Whole
from pipeline.config.rule_name import RuleName
from pipeline.config.selection import Filters, filters
from pipeline.config.source import Block
from pipeline.domain.commerce.order import ORDER_COMPLETED, ORDER_EVENTS
from pipeline.domain.intake.alias import Aliases
from pipeline.domain.loyalty.limit import rule_key
from pipeline.domain.loyalty_definition import ANNIVERSARY, BIRTHDAY, MISSION, OCCASIONS, EarnRule
from pipeline.domain.loyalty_definition import Limit as LimitDefinition
from pipeline.domain.loyalty_definition import Mission as MissionDefinition
from pipeline.domain.value.number import MICRO

# More points at once, or for one `per`, are no offer of a shop but a slip.
MOST_POINTS = 10**9
# Grants that a limit within a span counts; each is remembered.
MOST_TIMES = 1_000
_NEVER_EARN = ("identify", "alias", "group", "*", *sorted(ORDER_EVENTS - {ORDER_COMPLETED}))
_UNITS = {"days": "day", "weeks": "week", "months": "month", "quarters": "quarter"}


def _earning_event(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("should be the name of one event, or one of " + ", ".join(OCCASIONS))
    if value in _NEVER_EARN:
        raise ValueError(f"{value} earns nothing, name another event, or one of {', '.join(OCCASIONS)}")
    if value.startswith("$") and value not in OCCASIONS:
        meant = nearest(value, OCCASIONS)
        raise ValueError(f"{value} is none of {', '.join(OCCASIONS)}" + (f", did you mean {meant}?" if meant else ""))
    return value


def _sane(micro: int) -> int:
    if micro > MOST_POINTS * MICRO:
        raise ValueError(f"is more than {MOST_POINTS:,} points")
    return micro


Points = Annotated[PositiveMicro, AfterValidator(_sane)]


class Limit(Entry):
    """How often something may happen."""

    times: Annotated[Whole, Field(ge=1)] = Field(description="So often at the most.", examples=[1])
    within: PositiveDuration | None = Field(
        None, description="Within any span so long, of event time. Left out: ever.", examples=["30d"]
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if self.within is not None and self.times > MOST_TIMES:
            yield ("times",), f"{self.times} is more than {MOST_TIMES:,}, each of which would be remembered"

    def definition(self) -> LimitDefinition:
        return LimitDefinition(self.times, self.within)


class OrdersIn(Entry):
    """Completed orders in several different periods of the calendar, in the shopper's zone."""

    days: Annotated[Whole, Field(ge=2, le=366)] | None = Field(None, description="In so many days.", examples=[5])
    weeks: Annotated[Whole, Field(ge=2, le=104)] | None = Field(None, description="In so many weeks.", examples=[4])
    months: Annotated[Whole, Field(ge=2, le=60)] | None = Field(None, description="In so many months.", examples=[3])
    quarters: Annotated[Whole, Field(ge=2, le=20)] | None = Field(
        None, description="In so many quarters.", examples=[4]
    )
    in_a_row: bool = Field(False, strict=True, description="The periods follow each other: a streak.")

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if len(named := self._named()) != 1:
            yield (), f"needs exactly one of {', '.join(_UNITS)}; this has {' and '.join(named) or 'none'}"

    def _named(self) -> list[str]:
        return [key for key in _UNITS if getattr(self, key) is not None]

    def definition(self) -> MissionDefinition:
        key = next(iter(self._named()), "days")
        return MissionDefinition(_UNITS[key], getattr(self, key) or 0, self.in_a_row)


class Earn(Entry):
    """Points for an event, for each so much of an order, or for a day or a deed. With `per` they are a rate of an
    order's amount, else a bonus."""

    on: Annotated[str, BeforeValidator(_earning_event), WithJsonSchema({"type": "string", "title": "text"})] = Field(
        description="The event that earns; `$birthday`, `$anniversary` of joining, or `$mission`.",
        examples=["Order Completed"],
    )
    points: Points = Field(description="Points for each `per` of the order, or of the bonus.", examples=[1])
    per: PositiveMoney | None = Field(
        None, description="Amount of an order that earns `points`, in the shop's currency.", examples=[1.00]
    )
    exclude: tuple[Literal["shipping", "tax", "gift_cards"], ...] = Field(
        (), description="Parts of an order that earn nothing.", examples=[["shipping", "tax", "gift_cards"]]
    )
    id: RuleName | None = Field(
        None,
        description="Its name: what its limit is counted under, and what decides between equal priorities.",
        examples=["review"],
    )
    priority: Annotated[Whole, Field(le=1_000_000)] = Field(
        0, description="Rules go from the highest to the lowest, equal ones by `id`.", examples=[10]
    )
    exclusive: bool = Field(
        False, strict=True, description="What this rate takes of an order earns nothing by the rates after it."
    )
    where: Filters = Field(
        {}, description="Property path -> what the event's must be.", examples=[{"rating": {"at_least": 4}}]
    )
    lines: Filters = Field(
        {},
        description="Property path -> what a product's must be: the rate takes the amount of such products only.",
        examples=[{"category": "Shoes"}],
    )
    from_: LocalInstant | None = Field(
        None,
        alias="from",
        description="Event time from which it counts; without a zone, the shop's.",
        examples=["2026-11-27"],
    )
    until: LocalInstant | None = Field(
        None, description="Event time at which it ends; without a zone, the shop's.", examples=["2026-12-01"]
    )
    first: bool = Field(False, strict=True, description="For the shopper's first order only.")
    limit: Limit | None = Field(
        None, description="How often the bonus is granted.", examples=[{"times": 1, "within": "30d"}]
    )
    trait: PropertyPath | None = Field(
        None, description="Trait with the date of `$birthday`.", examples=["birthday"], validate_default=False
    )
    also: PropertyPath | None = Field(
        None,
        description="Property with the id of the shopper who referred this one. Both are given the points, with the"
        " first confirmed order of the one who was referred.",
        examples=["referrer_id"],
        validate_default=False,
    )
    orders_in: OrdersIn | None = Field(None, description="What `$mission` asks for.", examples=[{"months": 3}])

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        standard = Aliases(reading.aliases)
        if standard[self.on] != self.on:
            yield ("on",), f"rules see standard names: {self.on} is an alias of {standard[self.on]}, name that"
        yield from self._misplaced()
        if self.per is None and self.points % MICRO:
            yield ("points",), f"{given.get('points')} of a bonus should be a whole number"
        if self.from_ is not None and self.until is not None and self.from_ >= self.until:
            yield ("until",), "should be later than from"
        if self.exclusive and self.id is None:
            yield ("exclusive",), "needs an id, which decides between equal priorities"

    def _misplaced(self) -> Iterator[tuple[Place, str]]:
        """Keys that mean nothing for what earns here, or are missing."""
        order, event = self.on == ORDER_COMPLETED, self.on not in OCCASIONS
        rate = order and self.per is not None
        needed = {"trait": self.on == BIRTHDAY, "orders_in": self.on == MISSION}
        for key, is_needed in needed.items():
            if is_needed and getattr(self, key) is None:
                yield (), f"needs {key}: {self.on} goes by it"
            elif not is_needed and getattr(self, key) is not None:
                yield (key,), f"is for {BIRTHDAY if key == 'trait' else MISSION}, leave it out"
        for key, right, of in (
            ("per", order, f"rates on {ORDER_COMPLETED}"),
            ("exclude", rate, "rates, which have per"),
            ("lines", rate, "rates, which have per"),
            ("exclusive", rate, "rates, which have per"),
            ("first", order, ORDER_COMPLETED),
            ("where", event, "events"),
            ("also", event and not order, f"events other than {ORDER_COMPLETED}"),
            ("limit", not rate and self.on not in (BIRTHDAY, ANNIVERSARY), "bonuses of events and missions"),
        ):
            if not right and getattr(self, key):
                yield (key,), f"is for {of}, leave it out"

    def definition(self) -> EarnRule:
        limit = LimitDefinition(1) if self.on == MISSION else None
        return EarnRule(
            on=self.on,
            points=self.points,
            per=self.per or 0,
            exclude=tuple(sorted(set(self.exclude))),
            id=self.id or "",
            priority=self.priority,
            exclusive=self.exclusive,
            where=filters(self.where),
            lines=filters(self.lines),
            start=self.from_ or 0,
            end=self.until or 0,
            first=self.first,
            limit=self.limit.definition() if self.limit is not None else limit,
            trait=self.trait or (),
            also=self.also or (),
            mission=self.orders_in.definition() if self.orders_in is not None else None,
        )


def confusions(rules: Sequence[Earn]) -> Iterator[tuple[Place, str]]:
    """Rules that nothing tells apart: of one `id`, or bonuses on the same things without one. Places below `earn`."""
    ids: dict[str, int] = {}
    counted: dict[int, int] = {}
    for index, rule in enumerate(rules):
        if rule.id is not None and ids.setdefault(rule.id, index) != index:
            yield (index, "id"), f"{rule.id} is the id of two rules"
        elif rule.per is None and rule.id is None:
            known = counted.setdefault(rule_key(rule.definition()), index)
            if known != index:
                yield (index,), f"is a bonus on the same as earn[{known}]: give each an id, under which it is counted"
