"""Requests that real client libraries sent: every call of them is taken, and means the same from all."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.event import Event
from tests.support.client_call import accept, ms

CLIENTS = ["browser_ajs", "browser_ajsbatch", "browser_rudder", "rudder_node", "rudder_python", "segment_node",
           "segment_python", "segment_python_gzip"]  # fmt: skip
# The instant of the captures, a little later.
CAPTURED = ms("2026-11-22T06:10:00Z")


def calls(shared: Path, client: str) -> list[Event]:
    requests: list[dict[str, Any]] = json.loads((shared / "wire" / f"{client}.json").read_text())
    bodies = [request["decoded_body"] for request in requests if request["method"] == "POST"]
    said = accept(*bodies, received=CAPTURED)
    assert said and all(isinstance(one, Event) for one in said)
    return said


@pytest.mark.parametrize("client", CLIENTS)
def test_every_call_is_taken(shared: Path, client: str) -> None:
    said = calls(shared, client)
    assert len({one.message_id for one in said}) == len(said)
    assert all(not one.message_id.startswith("derived-") for one in said)


@pytest.mark.parametrize("client", [one for one in CLIENTS if one != "rudder_node"])
def test_identify_and_orders_mean_the_same_from_all(shared: Path, client: str) -> None:
    said = calls(shared, client)
    traits = [json.loads(bytes(one.traits)) for one in said if one.type == "identify"]
    orders = [one for one in said if one.name == "Order Completed"]
    assert traits and all(one["email"] == "a@example.com" for one in traits)
    assert orders and all(one.shopper == "u-1" for one in orders)
    assert {json.loads(bytes(one.properties))["order_id"] for one in orders} == {"O1"}


def test_browser_times_are_corrected_by_what_passed_until_sending(shared: Path) -> None:
    page = next(one for one in calls(shared, "browser_ajs") if one.type == "page")
    # happened 12.628, sent 12.685: 57 ms before it was received
    assert page.time == CAPTURED - 57


def test_rudder_times_are_told_by_original_timestamps(shared: Path) -> None:
    page = next(one for one in calls(shared, "browser_rudder") if one.type == "page")
    assert page.time == CAPTURED - 3
    (server,) = calls(shared, "rudder_node")[:1]
    assert server.time == ms("2024-05-01T10:00:00Z")


def test_an_empty_user_id_falls_back_to_the_anonymous_one(shared: Path) -> None:
    assert calls(shared, "browser_rudder")[0].shopper == "6ee6012e-23ee-48b3-aec3-90e30f3e20ea"
