"""Laws of loyalty over any history, against a plain recomputation from the list of what happened."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.decision import LOYALTY_POINTS
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty_definition import EarnRule, Level, ProgrammeDefinition, Span
from tests.support.till import START, Till

WINDOW = 1_000
STARTS = (0, 100, 300)
NAMES = ("bronze", "silver", "gold")
ORDERS = ("a", "b", "c", "d")

actions = st.lists(
    st.tuples(
        st.sampled_from(["complete", "complete", "complete", "refund", "refund all", "cancel", "update"]),
        st.sampled_from(ORDERS),
        st.integers(0, 400),  # money
        st.integers(0, 600),  # ms since the step before
        st.sampled_from([0, 0, 1, 300, 2_000]),  # ms that the event is late
    ),
    max_size=14,
)


@dataclass
class Bought:
    """One order as a list of facts would tell it; euros, as every amount here is a whole number of them."""

    time: int
    value: int
    refunds: list[int] = field(default_factory=list)
    cancelled: bool = False

    @property
    def net(self) -> int:
        return 0 if self.cancelled else max(0, self.value - sum(self.refunds))


def till_of(metric: str, levels: tuple[Level, ...], **more: Any) -> Till:
    earn = (EarnRule("Order Completed", 1_000_000, 100),)
    programme = ProgrammeDefinition("club", "club-1", earn, metric, levels, **{"window": WINDOW, **more})
    return Till(Plan(name="shop", digest="d", currency="EUR", programmes=(programme,)))


def ladder(metric: str, keep: int = 100) -> tuple[Level, ...]:
    """keep: per cent of `start` that a level is kept at."""
    unit = 100 if metric == "spend" else 1
    return tuple(
        Level(name, start * unit, start * unit * keep // 100) for name, start in zip(NAMES, STARTS, strict=True)
    )


def act(till: Till, bought: dict[str, Bought], action: tuple[str, str, int, int, int], now: int) -> None:
    """Do one step in the engine and in the list of facts. Facts that need an order not there yet are left out."""
    what, order_id, money, _, late = action
    at = max(0, now - late)
    order = bought.get(order_id)
    if what == "complete":
        till.complete(order_id, money, at=at, received=now)
        if order is None:
            bought[order_id] = Bought(at, money)
    elif order is None:
        return
    elif what == "cancel":
        till.cancel(order_id, at=now)
        order.cancelled = True
    elif what == "update":
        till.update(order_id, money, at=now)
        order.refunds = [min(sum(order.refunds), money)]
        order.value = money
    else:
        left = max(0, order.value - sum(order.refunds))
        till.refund(order_id, None if what == "refund all" else money, at=now)
        order.refunds.append(left if what == "refund all" else min(left, money))


def measured(bought: dict[str, Bought], now: int) -> int:
    return sum(one.net for one in bought.values() if now - WINDOW < one.time <= now)


def qualified(value: int) -> str:
    return max(zip(STARTS, NAMES, strict=True), key=lambda level: (level[0] <= value, level[0]))[1]


@settings(max_examples=150, deadline=None)
@given(metric=st.sampled_from(["spend", "points_earned"]), history=actions)
def test_metric_and_balance_are_what_a_plain_recomputation_says(metric: str, history: list[Any]) -> None:
    till, bought, now = till_of(metric, ladder(metric)), dict[str, Bought](), 0
    for action in history:
        now += action[3]
        act(till, bought, action, now)
        till.pass_time(now)
        club = till.loyalty.summary(till.shopper).get("club")
        if club is None:
            assert not bought
            continue
        lines = [one.fields for one in till.decisions if one.topic == LOYALTY_POINTS]
        assert club["balance"] == sum(line["points"] for line in lines) == sum(one.net for one in bought.values())
        assert club["earned"] == measured(bought, now)
        assert club["spend"]["amount"] == 100 * measured(bought, now)
        for order_id in bought:
            assert 0 <= sum(line["points"] for line in lines if line["order_id"] == order_id) <= bought[order_id].value


@settings(max_examples=150, deadline=None)
@given(metric=st.sampled_from(["spend", "points_earned"]), history=actions)
def test_without_term_and_grace_the_tier_is_what_the_metric_says_at_every_ms(metric: str, history: list[Any]) -> None:
    """Levels kept at what they are entered at, so the tier is a function of the metric alone."""
    till, bought, now, tier = till_of(metric, ladder(metric), downgrade="to_qualified"), dict[str, Bought](), 0, ""
    expected: list[tuple[str, int]] = []
    for action in [*history, ("wait", "", 0, 5 * WINDOW, 0)]:
        until = now + action[3]
        leaving = sorted(one.time + WINDOW for one in bought.values() if now < one.time + WINDOW <= until)
        for instant in leaving:
            if bought and qualified(measured(bought, instant)) != tier:
                tier = qualified(measured(bought, instant))
                expected.append((tier, instant))
        now = until
        act(till, bought, action, now)
        till.pass_time(now)
        if bought:
            if not tier:
                tier = "bronze"
                expected.append((tier, now))
            if qualified(measured(bought, now)) != tier:
                tier = qualified(measured(bought, now))
                expected.append((tier, now))
    assert [(to, at) for _, _, to, at in till.tiers()] == expected


@settings(max_examples=150, deadline=None)
@given(
    metric=st.sampled_from(["spend", "points_earned"]),
    window=st.sampled_from([None, WINDOW]),
    term=st.sampled_from([None, Span(ms=700)]),
    grace=st.sampled_from([Span(), Span(ms=250)]),
    downgrade=st.sampled_from(["one_level", "to_qualified"]),
    history=actions,
)
def test_tiers_form_one_chain_and_timers_are_always_ahead(
    metric: str, window: int | None, term: Span | None, grace: Span, downgrade: str, history: list[Any]
) -> None:
    levels = ladder(metric, keep=80)
    till = till_of(metric, levels, window=window, term=term, grace=grace, downgrade=downgrade)
    bought, now = dict[str, Bought](), 0
    for action in history:
        now += action[3]
        act(till, bought, action, now)
        till.pass_time(now)
        assert till.shopper.loyalty_due == 0 or till.shopper.loyalty_due > START + now

    tier: str | None = None
    for change, before, to, _ in till.tiers():
        assert before == tier
        if change == "will_downgrade":
            assert grace.ms
            assert NAMES.index(to) < NAMES.index(before or "")
            continue
        if change == "renewed":
            assert to == before
        elif change in ("upgraded", "downgraded"):
            assert (NAMES.index(to) > NAMES.index(before or "")) == (change == "upgraded")
        tier = to
    assert len({one.id for one in till.decisions}) == len(till.decisions)
    instants = [one.effective_at for one in till.decisions]
    assert instants == sorted(instants)
