"""Visits, message ids and traits: what is folded whatever the rules."""

import itertools

import msgspec

from pipeline.domain.event import Event
from pipeline.domain.message import KEEP, LIMIT, take_message
from pipeline.domain.segments.asked_trait import AskedTraits
from pipeline.domain.shopper import Shopper
from pipeline.domain.trait import fold_traits
from pipeline.domain.value.instant import DAY, MINUTE
from pipeline.domain.visit import fold_visit

T = 1_767_434_400_000


def sessions(*minutes: int) -> int:
    shopper = Shopper()
    for minute in minutes:
        fold_visit(shopper, T + minute * MINUTE, 0)
    return shopper.sessions


def test_a_visit_ends_after_a_gap_of_more_than_30_minutes() -> None:
    assert sessions(0, 30) == 1
    assert sessions(0, 31) == 2


def test_the_number_of_visits_does_not_depend_on_the_order_of_arrival() -> None:
    minutes = (0, 20, 45, 100, 131, 200)
    assert {sessions(*order) for order in itertools.permutations(minutes)} == {sessions(*minutes)} == {4}


def test_old_visits_are_only_counted() -> None:
    shopper = Shopper()
    for day in range(30):
        at = T + day * DAY
        fold_visit(shopper, at, at - 7 * DAY)
    assert shopper.sessions == 30
    assert len(shopper.recent_visits) == 2 * 8


def test_a_message_counts_once_and_another_body_under_its_id_is_told_apart() -> None:
    shopper = Shopper()
    assert take_message(shopper, "m1", 7, T) is None
    assert take_message(shopper, "m1", 7, T + 1) == "duplicate"
    assert take_message(shopper, "m1", 8, T + 2) == "duplicate_mismatch"
    assert take_message(shopper, "m2", 7, T + 3) is None


def test_message_ids_are_kept_for_seven_days_at_least() -> None:
    shopper = Shopper()
    take_message(shopper, "first", 0, T)
    for day in range(1, 8):
        take_message(shopper, f"m{day}", 0, T + day * DAY)
    assert take_message(shopper, "first", 0, T + KEEP) == "duplicate"
    take_message(shopper, "late", 0, T + 40 * DAY)
    assert take_message(shopper, "first", 0, T + 40 * DAY) is None


def test_message_ids_are_bounded() -> None:
    shopper = Shopper()
    for number in range(5 * LIMIT):
        take_message(shopper, f"m{number}", 0, T)
    assert len(shopper.ids) + len(shopper.old_ids) <= 2 * LIMIT * 12


def identify(at: int, message: str, **traits: object) -> Event:
    return Event("identify", "identify", "u", at, at, message, traits=msgspec.Raw(msgspec.json.encode(traits)))


def test_the_latest_word_on_a_trait_wins_whatever_the_order_of_arrival() -> None:
    events = [
        identify(T, "a", city="Rome", plan={"name": "x", "seats": 2}),
        identify(T + 1, "b", city="Oslo", plan={"name": "y"}),
        identify(T + 2, "c", city=None),
        identify(T + 2, "d", tier="one"),
    ]
    ends = set()
    for order in itertools.permutations(events):
        shopper = Shopper()
        for event in order:
            fold_traits(shopper, event, [], AskedTraits())
        ends.add(msgspec.json.encode({name: one.value for name, one in shopper.traits.items()}, order="sorted"))
    assert ends == {b'{"city":null,"plan":{"name":"y"},"tier":"one"}'}
