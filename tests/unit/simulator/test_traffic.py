"""Simulated traffic: the same for a seed, in order, and like that of a shop."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from pipeline.simulator.traffic import Delivery, Traffic, World

START = 1_767_600_000_000  # 2026-01-05T08:00:00Z
HOUR, DAY = 3_600_000, 86_400_000


def world(**over: Any) -> World:
    return World(**{"seed": 1, "start": START, "rate": 0.2, "shoppers": 1_000, "flaws": 0.0, **over})


def week(**over: Any) -> Iterator[Delivery]:
    for delivery in Traffic(world(**over)):
        if delivery.received >= START + 7 * DAY:
            return
        yield delivery


@pytest.fixture(scope="module")
def deliveries() -> list[Delivery]:
    return list(week())


@pytest.fixture(scope="module")
def calls(deliveries: list[Delivery]) -> list[dict[str, Any]]:
    return [json.loads(one.value) for one in deliveries]


def named(calls: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [call for call in calls if call.get("event", call["type"]) in names]


def test_a_seed_always_gives_the_same(deliveries: list[Delivery]) -> None:
    assert list(islice(Traffic(world()), 2_000)) == deliveries[:2_000]
    assert list(islice(Traffic(world(seed=2)), 10)) != deliveries[:10]


def test_flaws_leave_the_rest_as_it_is_in_kind() -> None:
    assert list(islice(Traffic(world(flaws=0.1)), 500)) == list(islice(Traffic(world(flaws=0.1)), 500))


def test_calls_come_in_order_and_at_the_rate(deliveries: list[Delivery]) -> None:
    received = [one.received for one in deliveries]
    assert received == sorted(received)
    assert 0.85 < len(received) / (0.2 * 7 * DAY / 1000) < 1.15


def test_nights_are_quiet(deliveries: list[Delivery]) -> None:
    hours = Counter((one.received % DAY) // HOUR for one in deliveries)
    assert hours[19] > 3 * hours[6]


def test_intake_takes_every_call(deliveries: list[Delivery]) -> None:
    intake = Intake(Plan(name="shop", digest="00000001"))
    for one in deliveries[:5_000]:
        (event,) = intake.accept(one.value, 0, from_field=True)
        assert isinstance(event, Event), event
        assert event.received == one.received
        assert 0 < event.received - event.time < 10_000
        assert not event.flags


def test_keys_are_devices_so_that_a_person_stays_in_one_partition(
    deliveries: list[Delivery], calls: list[dict[str, Any]]
) -> None:
    for one, call in zip(deliveries, calls, strict=True):
        assert one.key.decode() == (call.get("anonymousId") or call["userId"])


def test_message_ids_are_unique(calls: list[dict[str, Any]]) -> None:
    assert len({call["messageId"] for call in calls}) == len(calls)


def test_a_funnel_narrows(calls: list[dict[str, Any]]) -> None:
    names = ("Product Viewed", "Product Added", "Checkout Started", "Payment Info Entered", "Order Completed")
    sizes = [len(named(calls, name)) for name in names]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[1] < sizes[0] / 5
    assert 0.3 < sizes[4] / sizes[2] < 0.8


def test_people_begin_as_strangers_and_some_become_known(calls: list[dict[str, Any]]) -> None:
    known: dict[str, str] = {}
    first: dict[str, bool] = {}
    for call in calls:
        device = call.get("anonymousId")
        if device is not None:
            first.setdefault(device, call["userId"] is None)
            if call["userId"] is not None:
                assert known.setdefault(device, call["userId"]) == call["userId"]
    assert all(first.values())
    assert 0.1 < len(known) / len(first) < 0.9
    traits = [call["traits"] for call in named(calls, "identify")]
    assert all("@" in one["email"] and one["address"]["country"] for one in traits)


def test_carts_add_up(calls: list[dict[str, Any]]) -> None:
    for order in named(calls, "Order Completed"):
        properties = order["properties"]
        lines = sum(round(100 * line["price"]) * line["quantity"] for line in properties["products"])
        assert round(100 * properties["revenue"]) == lines
        assert round(100 * properties["total"]) == lines + round(100 * properties["shipping"])


def test_most_carts_are_left_and_some_people_come_back_for_them(calls: list[dict[str, Any]]) -> None:
    filled: dict[str, str] = {}
    bought: dict[str, str] = {}
    for call in named(calls, "Product Added", "Order Completed"):
        carts = filled if call["event"] == "Product Added" else bought
        carts[call["properties"]["cart_id"]] = call["timestamp"]
    left = set(filled) - set(bought)
    late = [one for one in bought if one in filled and filled[one][:10] < bought[one][:10]]
    assert len(left) > len(filled) / 4
    assert late


def test_the_back_office_refunds_and_cancels_orders_that_were_there(calls: list[dict[str, Any]]) -> None:
    orders = {call["properties"]["order_id"]: call for call in named(calls, "Order Completed")}
    taken_back = named(calls, "Order Refunded", "Order Cancelled")
    assert {call["event"] for call in taken_back} == {"Order Refunded", "Order Cancelled"}
    for call in taken_back:
        order = orders[call["properties"]["order_id"]]
        assert order["timestamp"] < call["timestamp"]
        assert order["userId"] in (call["userId"], None)
        assert call["properties"]["total"] <= order["properties"]["total"]


def test_flaws_are_late_repeated_or_broken() -> None:
    intake = Intake(Plan(name="shop", digest="00000001"))
    reasons, late, messages, total = Counter[str](), 0, Counter[tuple[str, int]](), 0
    for one in week(flaws=0.05):
        total += 1
        (said,) = intake.accept(one.value, 0, from_field=True)
        if isinstance(said, Refusal):
            reasons[said.reason] += 1
        else:
            messages[said.message_id, said.body] += 1
            late += said.received - said.time > HOUR / 2
    assert {"undecodable", "missing_id", "unknown_type", "absurd_time", "invalid_price"} <= set(reasons)
    repeated = sum(number - 1 for number in messages.values())
    assert 0.03 < (reasons.total() + late + repeated) / total < 0.07
    assert min(reasons.total(), late, repeated) > 50
