"""What holds of any history (semantics.md, part 10: I2, I6, I9): orders end things, ids name what was sent, timers are
exact whatever the steps in which time passes."""

from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.value.instant import DAY, HOUR
from tests.support.visitor import MINUTE, Visitor, product, rule

PRODUCTS = st.sampled_from(["a", "b"])
CARTS = st.sampled_from([None, "c1"])
ACTIONS = st.one_of(
    st.tuples(st.just("view"), PRODUCTS, CARTS),
    st.tuples(st.just("add"), PRODUCTS, CARTS),
    st.tuples(st.just("remove"), PRODUCTS, CARTS),
    st.tuples(st.just("snapshot"), PRODUCTS, CARTS),
    st.tuples(st.just("checkout"), st.sampled_from(["k1", "k2"]), CARTS),
    st.tuples(st.just("step"), st.sampled_from(["k1", "k2", None]), CARTS),
    st.tuples(st.just("order"), PRODUCTS, CARTS),
    st.tuples(st.just("page"), PRODUCTS, CARTS),
)
PAUSES = st.sampled_from([0, 1, MINUTE, HOUR, 4 * HOUR, 24 * HOUR, 3 * DAY, 6 * DAY])
DELAYS = st.sampled_from([0, 0, 0, 1, HOUR, 5 * HOUR, 30 * HOUR, 48 * HOUR, 49 * HOUR])
HISTORIES = st.lists(st.tuples(PAUSES, DELAYS, ACTIONS), min_size=1, max_size=14)
POLICIES = st.sampled_from(["hold", "continue", "restart"])


def visitor(policy: str, resets_on: str) -> Visitor:
    more: dict[str, Any] = {"on_activity": policy, "resets_on": resets_on, "after_purchase": HOUR}
    return Visitor(
        rule("cart", cool_down=DAY, **more),
        rule("checkout", stages=(HOUR, 24 * HOUR), cool_down=DAY, **more),
        rule("browse", minimum_views=2, cool_down=DAY, **more),
    )


def live(kim: Visitor, history: list[Any], step: int | None = None) -> list[tuple[int, int]]:
    """Act it out; (decisions made, instances of each kind so far) as they were after each order that counted.

    step: let time pass in steps of so many ms instead of all at once."""
    concluded: list[tuple[int, int]] = []
    now = 10 * DAY
    for number, (pause, delay, (action, what, cart_id)) in enumerate(history):
        if step is not None:
            for until in range(now, now + pause, step):
                kim.pass_time(until)
        now += pause
        act(kim, action, what, cart_id, number, at=now - delay, received=now)
        assert kim.shopper.abandonment_due == 0 or kim.shopper.abandonment_due > kim.shopper.now, "overdue"
        if action == "order" and delay <= 48 * HOUR:
            concluded.append((len(kim.decisions), sum(one.instances for one in kim.shopper.cooldowns)))
            assert all(one.state > 1 for one in kim.shopper.instances), "an order ends all that could send"
    kim.pass_time(now + 60 * DAY)
    assert kim.shopper.instances == [], "everything ends by itself"
    return concluded


def act(kim: Visitor, action: str, what: str | None, cart_id: str | None, number: int, **when: int) -> None:
    more: dict[str, Any] = {**when, **({"cart_id": cart_id} if cart_id else {})}
    if action == "view":
        kim.view(what, **when)
    elif action == "add":
        kim.add(what, **more)
    elif action == "remove":
        kim.remove(what, **more)
    elif action == "snapshot":
        kim.cart(product(what, 10, 1), **more)
    elif action == "checkout":
        kim.checkout(product("a", 10, 1), checkout_id=what, **more)
    elif action == "step":
        kim.do("Checkout Step Viewed", more.pop("at"), **({"checkout_id": what} if what else {}), **more)
    elif action == "order":
        kim.order(f"o{number}", product(what, 10, 1), **more)
    else:
        kim.do("page", more.pop("at"), call="page", **more)


@settings(max_examples=150, deadline=None)
@given(HISTORIES, POLICIES, st.sampled_from(["own_activity", "any_activity"]))
def test_stages_recoveries_and_retractions_of_an_instance_fit_together(
    history: list[Any], policy: str, resets_on: str
) -> None:
    kim = visitor(policy, resets_on)
    live(kim, history)
    assert len({one.id for one in kim.decisions}) == len(kim.decisions)
    instants = [one.effective_at for one in kim.decisions]
    assert instants == sorted(instants)
    by_instance: dict[str, list[Any]] = defaultdict(list)
    for decision in kim.decisions:
        by_instance[decision.fields["instance"]].append(decision)
    for decisions in by_instance.values():
        sent = [one for one in decisions if one.fields["change"] == "abandoned"]
        ends = [one for one in decisions if one.fields["change"] != "abandoned"]
        assert [one.fields["stage"] for one in sent] == list(range(1, len(sent) + 1))
        assert decisions == sent + ends, "nothing is sent after an order ended it"
        changes = [one.fields["change"] for one in ends]
        assert changes in ([], ["recovered"], ["retracted"], ["retracted", "recovered"])
        stands = len(sent)
        for one in ends:
            if one.fields["change"] == "retracted":
                stands -= len(one.fields["retracts"])
                assert one.fields["retracts"] == [stage.id for stage in sent[stands:]]
            else:
                assert one.fields["stage"] == stands > 0


@settings(max_examples=60, deadline=None)
@given(HISTORIES, POLICIES)
def test_no_stage_follows_an_order_unless_something_was_armed_since(history: list[Any], policy: str) -> None:
    kim = visitor(policy, "own_activity")
    concluded = live(kim, history)
    for made, armed in concluded:
        if sum(one.instances for one in kim.shopper.cooldowns) == armed:
            later = [one.fields["change"] for one in kim.decisions[made:]]
            assert "abandoned" not in later


@settings(max_examples=40, deadline=None)
@given(HISTORIES, POLICIES)
def test_the_steps_in_which_time_passes_change_nothing(history: list[Any], policy: str) -> None:
    at_once, stepwise = visitor(policy, "own_activity"), visitor(policy, "own_activity")
    live(at_once, history)
    live(stepwise, history, step=5 * HOUR + 1)
    assert at_once.decisions == stepwise.decisions
