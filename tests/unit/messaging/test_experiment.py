"""Experiments over single shoppers: what stays when weights, layers and holdouts change, and that exposures are told
once."""

from collections import Counter

from pipeline.domain.decision import Decision
from pipeline.domain.messaging.result import FOLLOWED
from pipeline.domain.value.instant import DAY
from tests.unit.messaging.test_arbiter import FORGOTTEN, GRANTED, T, Visitor, engine
from tests.unit.messaging.test_escalation import identify

SHOPPERS = [f"s{number}" for number in range(200)]


def arms(decisions: list[Decision]) -> list[tuple[str, str | None]]:
    """Of the exposures: experiment, and the arm."""
    return [
        (one.fields["experiment"], "held out" if one.fields["holdout"] else one.fields["variant"])
        for one in decisions
        if one.type == "experiment.exposed"
    ]


def varied(weights: str, rest: str = "") -> str:
    return f"{GRANTED}, {rest}messages: {{note: {{on: {{event: Ask}}, channel: on-site, variants: {weights}}}}}"


def test_who_was_exposed_keeps_the_variant_under_other_weights_and_is_not_exposed_again() -> None:
    before, after = engine(varied("{a: 50, b: 50}")), engine(varied("{a: 5, b: 5, c: 90}"))
    old = [Visitor(before, name) for name in SHOPPERS]
    drawn = [arms(one.track("Ask")) for one in old]
    assert {len(one) for one in drawn} == {1}
    for one, (arm,) in zip(old, drawn, strict=True):
        one.decides = after
        decisions = one.track("Ask", T + DAY)
        assert arms(decisions) == []
        assert [each.fields["variant"] for each in decisions if each.topic == "messages"] == [arm[1]]
    new = Counter(arms(Visitor(after, name).track("Ask"))[0][1] for name in SHOPPERS)
    assert new["c"] > 160


def test_a_variant_that_is_taken_out_is_drawn_anew_and_that_is_an_exposure() -> None:
    kim = Visitor(engine(varied("{a: 100}")))
    assert arms(kim.track("Ask")) == [("note", "a")]
    kim.decides = engine(varied("{b: 100}"))
    assert arms(kim.track("Ask", T + 1)) == [("note", "b")]
    assert arms(kim.track("Ask", T + 2)) == []


def test_who_is_held_out_no_more_gets_a_variant() -> None:
    kim = Visitor(engine(varied("{a: 100}", "holdout: {percent: 100, salt: x}, ")))
    assert arms(kim.track("Ask")) == [("note", "held out")]
    kim.decides = engine(varied("{a: 100}"))
    assert arms(kim.track("Ask", T + 1)) == [("note", "a")]


def layered(layers: str) -> str:
    messages = ", ".join(
        f"{name}: {{on: {{event: {event}}}, channel: on-site, variants: {{x: 50, y: 50}}}}"
        for name, event in (("one", "One"), ("two", "Two"))
    )
    return f"{GRANTED}, layers: {layers}, messages: {{{messages}}}"


def test_of_a_layer_a_shopper_takes_part_in_one_experiment_at_the_most() -> None:
    decides = engine(layered("{l: {one: 30, two: 50}}"))
    found: Counter[tuple[str, ...]] = Counter()
    for name in SHOPPERS:
        visitor = Visitor(decides, name)
        decisions = [*visitor.track("Two"), *visitor.track("One", T + 1), *visitor.track("Two", T + 2)]
        taken = arms(decisions)
        found[tuple(name for name, _ in taken)] += 1
        sent = {(one.fields["message"], one.fields["variant"]) for one in decisions if one.topic == "messages"}
        assert {one for one in sent if one[1]} == set(taken)
        assert {name for name, _ in sent} == {"one", "two"}
    assert set(found) == {("one",), ("two",), ()}
    assert 40 < found["one",] < 80
    assert 75 < found["two",] < 125


def test_who_takes_part_stays_in_the_experiment_when_ranges_move() -> None:
    before, after = engine(layered("{l: {one: 100}}")), engine(layered("{l: {one: 0, two: 100}}"))
    for name in SHOPPERS[:20]:
        visitor = Visitor(before, name)
        (arm,) = arms(visitor.track("One"))
        visitor.decides = after
        later = [*visitor.track("Two", T + DAY), *visitor.track("One", T + DAY + 1)]
        assert arms(later) == []
        assert [one.fields["variant"] for one in later if one.topic == "messages"] == [None, arm[1]]
        assert arms(Visitor(after, name).track("Two")) != []


def test_variants_do_not_follow_from_layers_or_holdouts() -> None:
    decides = engine(varied("{a: 50, b: 50}", "holdout: {percent: 50, salt: x}, layers: {l: {note: 50}}, "))
    found = Counter(arm for name in SHOPPERS for _, arm in arms(Visitor(decides, name).track("Ask")))
    assert set(found) == {"held out", "a", "b"}


def test_of_more_messages_than_are_followed_the_oldest_is_let_go() -> None:
    note = "note: {on: {event: Ask}, channel: on-site}"
    kim = Visitor(engine(f"{GRANTED}, messages: {{{note}}}"))
    ids = [kim.track("Ask", T + number)[0].id for number in range(FOLLOWED + 1)]
    assert kim.remarks == ["result_limit"]
    assert kim.track("Message Opened", T + 100, message_id=ids[0]) == []
    (opened,) = kim.track("Message Opened", T + 101, message_id=ids[1])
    assert opened.fields["message_id"] == ids[1]
    assert kim.remarks == ["result_limit", "unknown_message"]
    recovered = kim.track("Order Completed", T + 200, order_id="o", total=5)
    assert [one.fields["last_touch"] for one in recovered] == [False] * (FOLLOWED - 1) + [True]
    assert kim.wait(T + FOLLOWED + FORGOTTEN) == []
    assert kim.shopper.messages is None


def test_of_messages_at_one_instant_the_last_by_channel_is_the_last_touch() -> None:
    kim = Visitor(engine(f"{GRANTED}, messages: {{note: {{on: {{event: Ask}}, escalate: [email, sms]}}}}"))
    identify(kim, email="kim@example.com", phone="0301234567")
    kim.track("Ask")
    kim.track("Email Unsubscribed")
    kim.track("Ask")
    recovered = kim.track("Order Completed", T + 1, order_id="o", total=5)
    assert [(one.fields["channel"], one.fields["last_touch"]) for one in recovered] == [("email", False), ("sms", True)]


def test_of_messages_alike_at_one_instant_the_last_by_id_is_the_last_touch() -> None:
    for name in SHOPPERS[:8]:
        kim = Visitor(engine(f"{GRANTED}, messages: {{note: {{on: {{event: Ask}}, channel: on-site}}}}"), name)
        last = max(kim.track("Ask")[0].id for _ in range(3))
        recovered = kim.track("Order Completed", T + 1, order_id="o", total=5)
        assert [one.fields["message_id"] for one in recovered if one.fields["last_touch"]] == [last]


def test_a_message_that_is_in_the_topology_no_more_is_followed_no_more() -> None:
    kim = Visitor(engine(f"{GRANTED}, messages: {{note: {{on: {{event: Ask}}, channel: on-site}}}}"))
    (sent,) = kim.track("Ask")
    kim.decides = engine(f"{GRANTED}, messages: {{other: {{on: {{event: Ask}}, channel: on-site}}}}")
    assert kim.track("Message Opened", T + 1, message_id=sent.id) == []
    assert kim.remarks == ["unknown_message"]
    assert kim.shopper.messages is None


def test_a_conversion_names_its_exposure() -> None:
    kim = Visitor(engine(varied("{a: 100}")))
    exposure = next(one for one in kim.track("Ask") if one.type == "experiment.exposed")
    decisions = kim.track("Order Completed", T + 7, order_id="o", total=5)
    (converted,) = [one for one in decisions if one.type == "experiment.converted"]
    assert converted.fields["exposure"] == exposure.id
    assert (converted.fields["time_to_order"], converted.fields["happened_at"]) == (7, T + 7)
