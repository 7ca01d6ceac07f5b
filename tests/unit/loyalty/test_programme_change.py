"""A changed programme: what was posted stays, tiers are found by their names, and a change is told as it says."""

from typing import Any

import msgspec
import pytest

from pipeline.domain.decide import Engine
from pipeline.domain.decision import LOYALTY_POINTS, LOYALTY_TIERS, Decision
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from tests.support.till import START
from tests.unit.config.builder import topology

DAY = 86_400_000
LEVELS = "{name: bronze, from: 0}, {name: silver, from: 100, multiplier: 2}, {name: gold, from: 500, multiplier: 3}"


def engine(levels: str = LEVELS, points: int = 1, tiers: str = "", programme: str = "") -> Engine:
    earn = f"[{{on: Order Completed, points: {points}, per: 1}}]"
    ladder = f"{{metric: points_earned, {tiers} levels: [{levels}]}}"
    return Engine(topology(f"loyalty: {{club: {{earn: {earn}, tiers: {ladder}, {programme}}}}}\n").plan())


class Member:
    """kim, whose record lives through several topologies."""

    def __init__(self) -> None:
        self.shopper, self.number = Shopper(), 0

    def track(self, engine: Engine, name: str, at: int, happened: int | None = None, **properties: Any) -> list[str]:
        """What becomes of points and tiers."""
        self.number += 1
        body = msgspec.Raw(msgspec.json.encode(properties))
        time = START + (at if happened is None else happened)
        event = Event("track", name, "kim", time, START + at, f"m{self.number}", properties=body)
        return told(engine.decide(self.shopper, event, START + at).decisions)

    def order(self, engine: Engine, total: int, at: int, happened: int | None = None) -> list[str]:
        return self.track(engine, "Order Completed", at, happened, order_id=f"o-{at}", total=total)

    def move(self, engine: Engine, at: int) -> list[Decision]:
        """The engine takes over."""
        return engine.on_due(self.shopper, "kim", START + at, START + at).decisions


def told(decisions: list[Decision]) -> list[str]:
    lines = []
    for one in decisions:
        fields = one.fields
        if one.topic == LOYALTY_TIERS:
            lines.append(f"{fields['change']} {fields['from']} > {fields['to']}: {fields['reason']}")
        elif one.topic == LOYALTY_POINTS:
            lines.append(f"{fields['entry']} {fields['points']}")
    return lines


def test_a_new_rule_rewrites_nothing_that_was_posted() -> None:
    member, before, after = Member(), engine(), engine(points=5)
    member.order(before, 50, 0)
    assert member.move(after, DAY) == []
    assert member.shopper.standings["club"].balance == 50
    # and what is taken back is what was earned then
    assert member.track(after, "Order Refunded", 2 * DAY, order_id="o-0", total=10) == ["reversed -10"]
    assert member.order(after, 10, 3 * DAY) == ["confirmed 50"]


def test_a_level_that_comes_in_between_moves_nobody_who_is_above() -> None:
    member, before = Member(), engine()
    member.order(before, 500, 0)
    after = engine(LEVELS.replace("{name: gold", "{name: amber, from: 300}, {name: gold"))
    assert member.move(after, DAY) == []
    assert after.loyalty.tiers(member.shopper) == {"club": "gold"}
    # and an order of then has the multiplier of gold
    assert member.order(after, 10, 2 * DAY, happened=DAY) == ["confirmed 30"]


@pytest.mark.parametrize(
    ("levels", "lines"),
    [
        ("{name: bronze, from: 0}, {name: gold, from: 500}", ["downgraded silver > bronze: tier_gone"]),
        ("{name: bronze, from: 0}, {name: gold, from: 100}", ["renewed silver > gold: tier_gone"]),
        (LEVELS.replace("silver", "white"), ["renewed silver > white: tier_gone"]),
        (LEVELS.replace("100", "120"), ["downgraded silver > bronze: below_keep"]),
        (LEVELS.replace("500", "110"), ["upgraded silver > gold: reached"]),
    ],
)
def test_a_changed_ladder_moves_whom_it_moves(levels: str, lines: list[str]) -> None:
    member = Member()
    member.order(engine(), 110, 0)
    decisions = member.move(engine(levels), DAY)
    assert told(decisions) == lines
    assert {(one.cause_kind, one.silent) for one in decisions} == {("definition_change", True)}


def test_a_loud_programme_tells_its_change_aloud() -> None:
    levels, loud = LEVELS.replace("100", "120"), "definition_change: loud"
    member, silent, other = Member(), engine(levels), engine(levels, programme=loud)
    member.order(engine(), 110, 0)
    assert [one.silent for one in member.move(other, DAY)] == [False]
    # the same meaning, but not the same topology
    assert silent.plan.programmes[0].identity == other.plan.programmes[0].identity
    assert silent.digest != other.digest


def test_notices_that_come_with_a_change_are_given_of_what_is_ahead() -> None:
    member, before = Member(), engine(tiers="term: 10d, window: {rolling: 1d},")
    after = engine(tiers="term: 10d, window: {rolling: 1d}, notices: [8d, 3d],")
    member.order(before, 110, 0)
    assert member.move(after, 4 * DAY) == []
    assert told(member.move(after, 7 * DAY)) == ["will_downgrade silver > bronze: notice"]
    assert told(member.move(after, 9 * DAY)) == []


def test_a_lock_stays_on_its_tier_and_goes_with_it() -> None:
    member, before = Member(), engine()
    member.order(before, 10, 0)
    assert member.track(before, "Tier Locked", 1, tier="gold") == ["upgraded bronze > gold: locked"]
    after = engine(LEVELS.replace("{name: gold", "{name: amber, from: 300}, {name: gold"))
    assert member.move(after, DAY) == []
    summary = after.loyalty.summary(member.shopper)["club"]
    assert (summary["tier"], summary["automatic"], summary["locked_until"]) == ("gold", "bronze", None)
    gone = engine(LEVELS.replace("gold", "white"))
    assert told(member.move(gone, 2 * DAY)) == ["downgraded gold > bronze: tier_gone"]


def test_a_record_from_before_tiers_had_names_keeps_its_level() -> None:
    member, before, after = Member(), engine(), engine(tiers="term: 10d,")
    member.order(before, 110, 0)
    member.shopper.standings["club"].tier = ""
    assert member.move(after, DAY) == []
    assert member.shopper.standings["club"].tier == "silver"


def test_a_member_from_before_years_were_asked_for_has_them_from_the_first_day_known() -> None:
    member, before, after = Member(), engine(), engine(tiers="window: {anniversary: joined},")
    member.order(before, 110, 0)
    member.move(after, 100 * DAY)
    assert told(member.move(after, 364 * DAY)) == []
    assert told(member.move(after, 365 * DAY)) == ["downgraded silver > bronze: below_keep"]
