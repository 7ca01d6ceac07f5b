"""The block `intake` -> what intake and the core take."""

import pytest

from pipeline.config.context_path import unread_paths
from pipeline.domain.definition import Plan
from pipeline.domain.intake_definition import (
    HotKeyDefinition,
    IntakeDefinition,
    PrivacyDefinition,
    SampleDefinition,
)
from tests.unit.config.builder import problems, topology


def plan(block: str) -> Plan:
    return topology(f"intake: {block}").plan()


def test_all_keys() -> None:
    made = plan(
        "{enrich: [campaign, device], bots: drop, hot_keys: {at_most: 50, per: 2s, over: drop},"
        " privacy: {do_not_track: anonymous, required_consent: [A], without_consent: anonymous, unknown: denied},"
        " sample: {percent: 12.5, salt: q1}}"
    )
    assert made.intake == IntakeDefinition(
        enrich=frozenset({"campaign", "device"}),
        bots="drop",
        privacy=PrivacyDefinition("anonymous", ("A",), "anonymous", False),
        sample=SampleDefinition(1_250, "q1"),
    )
    assert made.hot_keys == HotKeyDefinition(50, 2_000, True)


def test_defaults() -> None:
    made = plan("{hot_keys: {}, privacy: {required_consent: [A]}}")
    assert made.hot_keys == HotKeyDefinition(25, 1_000, False)
    assert made.intake == IntakeDefinition(privacy=PrivacyDefinition("ignore", ("A",), "drop", True))


@pytest.mark.parametrize("block", ["{}", "{enrich: []}", "{hot_keys: {}}"])
def test_what_asks_nothing_of_intake_costs_intake_nothing(block: str) -> None:
    assert plan(block).intake is None


def test_nobody_is_evaluated_anew_for_what_is_to_come() -> None:
    assert plan("{bots: drop, hot_keys: {over: drop}}").digest == topology("").plan().digest


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("{enrich: [adress]}", "intake.enrich[0]"),
        ("{bots: ignore}", "intake.bots"),
        ("{hot_keys: {at_most: 0}}", "intake.hot_keys.at_most"),
        ("{hot_keys: {per: 0s}}", "intake.hot_keys.per: should be longer than 0s"),
        ("{sample: {percent: 101}}", "intake.sample.percent: 101 should be from 0 to 100"),
        ("{sample: {}}", "intake.sample"),
        ("{privacy: {}}", "intake.privacy: leaves nothing out; set do_not_track or required_consent"),
        ("{privacy: {required_consent: ['']}}", "intake.privacy.required_consent[0]: should be the name of a category"),
        ("{privacy: {do_not_track: drop, unknown: denied}}", "intake.privacy.unknown: says nothing without"),
        ("{botz: drop}", "intake.botz: unknown key, did you mean bots?"),
    ],
)
def test_mistakes(block: str, told: str) -> None:
    assert any(one.startswith(told) for one in problems(f"intake: {block}")), problems(f"intake: {block}")


def test_a_condition_on_what_nothing_reads_is_remarked_on() -> None:
    asks = "segments: {a: {when: {count: {of: A, where: {context.device.class: phone}, at_least: 1}}}}\n"
    (told,) = unread_paths(topology(asks).plan())
    assert told == (
        "segments.a: asks for context.device.class, which is there only if events have it as a property:"
        " intake.enrich does not name device"
    )
    assert list(unread_paths(topology(asks + "intake: {enrich: [device]}").plan())) == []


@pytest.mark.parametrize(
    "rules",
    [
        "segments: {a: {when: {last: {of: A, property: context.device.class, is: phone}}}}",
        "segments: {a: {when: {sequence: {steps: [{of: A}, {of: B}], within: 1d, same: [context.device.class]}}}}",
        "segments: {a: {when: {not: {distinct: {of: A, property: context.device.class, at_least: 2}}}}}",
        "traits: {a: {most_frequent: {of: A, property: context.device.class}}}",
        "abandonment: {cart: {when: {count: {of: A, where: {context.device.class: phone}, at_least: 1}}}}",
    ],
)
def test_so_is_every_other_rule(rules: str) -> None:
    assert len(list(unread_paths(topology(rules).plan()))) == 1


def test_a_property_of_that_name_that_is_no_matter_of_intake_is_the_shops_own() -> None:
    own = "segments: {a: {when: {count: {of: A, where: {context.shelf: 3}, at_least: 1}}}}"
    assert list(unread_paths(topology(own).plan())) == []


def test_check_says_what_is_taken() -> None:
    rules = topology(
        "intake: {enrich: [device, campaign], bots: drop, hot_keys: {}, sample: {percent: 12.5},"
        " privacy: {do_not_track: anonymous, required_consent: [A, B]}}"
    ).intake
    assert rules is not None
    assert ", ".join(rules.told()) == (
        "reads campaign device, do not track: anonymous, without consent to A and B: drop (unknown: granted),"
        " takes 12.5 % of shoppers, bots: drop, more than 25 events of a shopper in 1s: flag"
    )
