"""What the live page shows is the sum of what topics say, in bounded memory."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.console.live_state import SHOWN, LiveState
from tests.support.console_records import change, dead_letter, record, topology_in


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path: Path, clock: Clock) -> LiveState:
    return LiveState(topology_in(tmp_path), clock)


def trigger(what: str, stage: int | None) -> dict[str, Any]:
    total = {"amount": 8450, "currency": "EUR"}
    told = {"kind": "cart", "change": what, "stage": stage, "of": 2, "cart": {"items": [], "total": total}}
    return told | {"shopper": "kim", "silent": False, "retracts": ["a"], "effective_at": "2026-01-05T12:00:00.000Z"}


def test_members_are_who_entered_and_did_not_leave(state: LiveState) -> None:
    for shopper, what in (("kim", "entered"), ("lee", "entered"), ("kim", "exited")):
        state.see(change(shopper, what))

    frame = state.frame(0)

    assert frame["segments"] == [{"name": "lookers", "members": 1, "over_time": [1]}]
    assert frame["topics"] == [{"topic": "segment-changes", "count": 3, "rate": 0.0}]


def test_a_decision_is_a_sentence_with_its_shopper_time_and_cause(state: LiveState) -> None:
    state.see(change("kim"))

    (latest,) = state.frame(0)["latest"]

    assert latest == {
        "number": 1,
        "topic": "segment-changes",
        "change": "entered",
        "shopper": "kim",
        "text": "entered lookers",
        "at": "2026-01-05T12:00:00.000Z",
        "cause": "event m-kim",
    }


def test_a_frame_has_only_what_is_new_to_the_page(state: LiveState) -> None:
    state.see(change("kim"))
    state.see(change("lee"))

    assert [one["shopper"] for one in state.frame(1)["latest"]] == ["lee"]
    assert state.frame(2)["latest"] == []


def test_the_funnel_counts_stages_recoveries_and_what_they_won(state: LiveState) -> None:
    for what, stage in (("abandoned", 1), ("abandoned", 1), ("abandoned", 2), ("recovered", None), ("retracted", None)):
        state.see(record("abandonment-triggers", trigger(what, stage)))

    (cart,) = state.frame(0)["abandonment"]

    assert cart == {"name": "cart", "stages": [2, 1], "recovered": 1, "retracted": 1, "won": "84.50 EUR"}


def test_messages_not_sent_are_counted_by_reason(state: LiveState) -> None:
    told = {"shopper": "kim", "message": "offer", "reason": "no_consent", "until": None, "silent": False}
    state.see(record("message-suppressions", told))

    assert state.frame(0)["suppressed"] == {"no_consent": 1}


def test_dead_letters_are_shown_with_reason_place_and_record(state: LiveState) -> None:
    state.see(dead_letter("{broken"))

    letters = state.frame(0)["dead_letters"]

    assert letters["count"] == 1
    assert letters["latest"][0]["reason"] == "undecodable"
    assert letters["latest"][0]["place"] == "? / 2 / 7"
    assert letters["latest"][0]["record"] == "{broken"


def test_memory_is_bounded_however_much_comes(state: LiveState, clock: Clock) -> None:
    for number in range(2_000):
        clock.now = number * 3.0
        state.see(change(f"shopper-{number}"))
        state.see(dead_letter("x" * 100_000))
        state.frame(0)

    frame = state.frame(0)

    assert len(frame["latest"]) == SHOWN
    assert len(frame["segments"][0]["over_time"]) <= 150
    assert len(frame["dead_letters"]["latest"]) <= 30
    assert max(len(one["record"]) for one in frame["dead_letters"]["latest"]) <= 2_000


def test_rates_are_of_what_came_lately(state: LiveState, clock: Clock) -> None:
    state.see_arrivals(100)
    state.see(change("kim"))
    state.frame(0)
    clock.now = 2.0
    state.see_arrivals(300)
    state.see(change("lee"))

    frame = state.frame(0)

    assert frame["arrivals"] == 100.0
    assert frame["topics"][0]["rate"] == 0.5


def test_what_another_release_wrote_is_shown_and_adds_up_to_nothing(state: LiveState) -> None:
    state.see(record("segment-changes", {"shopper": "kim", "something": "else"}))

    frame = state.frame(0)

    assert frame["segments"][0]["members"] == 0
    assert frame["latest"][0]["shopper"] == "kim"


def test_topics_read_anew_are_not_counted_twice_and_go_on_being_numbered(state: LiveState) -> None:
    state.see(change("kim"))
    state.clear()
    state.see(change("kim"))

    frame = state.frame(1)

    assert frame["segments"][0]["members"] == 1
    assert [one["number"] for one in frame["latest"]] == [2]
