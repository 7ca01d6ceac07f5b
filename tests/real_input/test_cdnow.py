"""Eighteen months of 23,570 CDNOW customers through `afterclick replay`, against plain code over the same purchases.

Every fifth customer is compared; AFTERCLICK_CUSTOMERS=1 compares every one (`make oracle` does).
"""

import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.real_input.cdnow import Purchase, histories, read_purchases, write_calls
from tests.real_input.cdnow_rules import SEGMENTS, Customer, at_the_end, follow
from tests.real_input.timeline import Timeline
from tests.support.replay_run import ReplayRun, instant, replay

pytestmark = pytest.mark.real_input

TOPOLOGY = Path(__file__).with_name("cdnow.topology.yaml")
EVERY = int(os.environ.get("AFTERCLICK_CUSTOMERS", "5"))

Line = tuple[int, bool, Any, int]
"""When, whether by time alone, what, and the number of the change."""
Told = dict[str, dict[str, list[Line]]]
"""Of a subject, by customer."""


@pytest.fixture(scope="module")
def purchases() -> list[Purchase]:
    return read_purchases()


@pytest.fixture(scope="module")
def end(purchases: list[Purchase]) -> int:
    return purchases[-1].time


@pytest.fixture(scope="module")
def compared(purchases: list[Purchase]) -> dict[str, list[Purchase]]:
    found = histories(purchases)
    return {customer: found[customer] for customer in sorted(found)[::EVERY]}


@pytest.fixture(scope="module")
def expected(compared: dict[str, list[Purchase]], end: int) -> dict[str, Customer]:
    return {customer: follow(history, end) for customer, history in compared.items()}


@pytest.fixture(scope="module")
def run(
    purchases: list[Purchase], compared: dict[str, list[Purchase]], end: int, tmp_path_factory: pytest.TempPathFactory
) -> ReplayRun:
    folder = tmp_path_factory.mktemp("cdnow")
    write_calls([one for one in purchases if one.customer in compared], folder / "calls.ndjson")
    until = f"{end / 1000:.0f}"
    return replay(TOPOLOGY, [folder / "calls.ndjson"], folder / "out", "--until", until)


@pytest.fixture(scope="module")
def changes(run: ReplayRun) -> Told:
    """Of each segment."""
    return told(run, "segment-changes", "segment", "change")


def test_the_data_is_what_its_publishers_say(purchases: list[Purchase]) -> None:
    assert len(purchases) == 69_659
    assert len(histories(purchases)) == 23_570
    # Many customers bought several times on a day: at one instant, for the engine.
    assert sum(count > 1 for count in Counter((one.customer, one.time) for one in purchases).values()) > 1_500


def test_every_purchase_is_taken(compared: dict[str, list[Purchase]], run: ReplayRun) -> None:
    assert run.dead_letters == []
    assert run.profiles.keys() == compared.keys()


@pytest.mark.parametrize("segment", SEGMENTS)
def test_every_entry_and_exit_is_told_at_its_millisecond(
    segment: str, expected: dict[str, Customer], changes: Told
) -> None:
    wanted = {
        customer: steps
        for customer, one in expected.items()
        if (steps := lines(one.segments[segment], {True: "entered", False: "exited"}))
    }
    assert changes[segment] == wanted
    assert sum(map(len, wanted.values())) > 30


def test_every_stage_of_the_journey_is_told_at_its_millisecond(expected: dict[str, Customer], run: ReplayRun) -> None:
    found = told(run, "journey-changes", None, "to")
    assert found == {"": {customer: lines(one.stages) for customer, one in expected.items()}}


def test_every_value_of_a_computed_trait_is_told_at_its_millisecond(
    expected: dict[str, Customer], run: ReplayRun
) -> None:
    wanted: Told = {"orders-90d": {}, "cds-a-year": {}}
    for customer, one in expected.items():
        for trait, steps in one.traits.items():
            wanted[trait][customer] = lines(steps)
    assert told(run, "trait-changes", "trait", "after") == wanted


def test_profiles_at_the_end(
    compared: dict[str, list[Purchase]], expected: dict[str, Customer], end: int, run: ReplayRun
) -> None:
    for customer, history in compared.items():
        profile, wanted = run.profiles[customer], at_the_end(history, end)
        segments = expected[customer].segments
        members = sorted(name for name, steps in segments.items() if steps and steps[-1].value)
        assert profile["segments"] == members, customer
        assert {name: profile[name] for name in ("stage", "rfm", "computed")} == {
            name: wanted[name] for name in ("stage", "rfm", "computed")
        }, customer
        orders = profile["orders"]
        assert (orders["count"], orders["net"]["amount"]) == (wanted["orders"]["count"], wanted["orders"]["cents"])


def lines(steps: Timeline, words: dict[Any, str] | None = None) -> list[Line]:
    return [
        (step.at, step.turn == 0, words[step.value] if words else step.value, number)
        for number, step in enumerate(steps, 1)
    ]


def told(run: ReplayRun, topic: str, subject: str | None, value: str) -> Told:
    """What the engine told of each subject, by customer and in order. subject, value: fields of the topic's lines."""
    found: Told = defaultdict(lambda: defaultdict(list))
    for line in run.lines(topic):
        one = (instant(line["effective_at"]), line["cause"]["kind"] == "timer", line[value], line["sequence"])
        found[line[subject] if subject else ""][line["shopper"]].append(one)
    for of_subject in found.values():
        for of_customer in of_subject.values():
            of_customer.sort(key=lambda line: line[-1])
    return found
