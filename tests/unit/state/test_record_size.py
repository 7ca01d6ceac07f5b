"""What a shopper's record takes: bytes that a million shoppers multiply."""

import json
from typing import Any

import pytest

from benchmarks.correspondence import MESSAGING
from benchmarks.member import lifetime
from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from tests.oracle.values import rfc3339
from tests.support.topology_driver import CODEC

START = 1_767_571_200_000  # 2026-01-05T00:00:00Z
MINUTE = 60_000
MOST = 600

TOPOLOGY = (
    """
version: 1
name: shop
segments: {full-price-buyers: {when: {count: {of: Order Completed, where: {discount: 0}, within: 90d, at_least: 1}}}}
abandonment:
  cart: {stages: [4h, 24h, 72h], unless: {in: full-price-buyers}}
  exit_intent: {stages: [10m, 1d]}
  wishlist: {}
"""
    + MESSAGING
    + """\
    leaving:
      on: {abandonment: exit_intent, stage: 1}
      channel: email
      variants: {control: 50, free-shipping: 50}
"""
)


class Customer:
    """One shopper's record, and the calls that made it."""

    def __init__(self) -> None:
        plan = parse(TOPOLOGY, {}).plan()
        self._engine, self._intake = Engine(plan), Intake(plan)
        self.shopper = Shopper()
        self._number = 0

    def calls(self, minute: int, kind: str, **body: Any) -> None:
        self._number += 1
        at = rfc3339(START + minute * MINUTE)
        call = {
            "type": kind,
            "userId": "b1946ac9-2d4b-4f6e-9c1d-2f8c5a1d9f10",
            "messageId": f"5c1f0a3e-7b1d-4e7a-8a55-{self._number:012x}",
            "timestamp": at,
            "receivedAt": at,
            **body,
        }
        (event,) = self._intake.accept(json.dumps(call).encode(), 0, from_field=True)
        assert isinstance(event, Event)
        self._engine.decide(self.shopper, event, event.received)

    def tracks(self, minute: int, event: str, **properties: Any) -> None:
        self.calls(minute, "track", event=event, properties=properties)

    def rests(self, minute: int) -> None:
        self._engine.on_due(self.shopper, "b1946ac9-2d4b-4f6e-9c1d-2f8c5a1d9f10", START + minute * MINUTE)

    @property
    def size(self) -> int:
        return len(CODEC.encode(self.shopper))


@pytest.fixture
def customer() -> Customer:
    """Who may be written to, with a cart, a wish, and a mouse that left the page: three armed instances."""
    made = Customer()
    made.calls(600, "identify", traits={"email": "kim.long.name@example.com"})
    made.tracks(601, "Consent Changed", channel="email", status="granted")
    made.tracks(602, "Product Added to Wishlist", product_id="sku-48213", name="Cold Brew Maker", price=59.9)
    made.tracks(603, "Product Added", product_id="sku-10442", name="Filter Beans 1 kg", price=24.9, quantity=2)
    made.tracks(604, "Exit Intent Detected")
    return made


def test_three_armed_instances_of_one_who_may_be_written_to(customer: Customer) -> None:
    assert len(customer.shopper.instances) == 3
    assert customer.size <= MOST


def test_links_add_their_own_bytes(customer: Customer) -> None:
    armed, links = customer.size, {"url": "https://shop.example/p/10442", "image_url": "https://i.shop.example/10442"}
    customer.tracks(
        605, "Product Added", product_id="sku-10442", price=24.9, cart_url="https://shop.example/c", **links
    )
    told = [*links.values(), "https://shop.example/c"]
    # A head for each text, one for each pair, a mark for the checkout's, and the id of one more message.
    assert customer.size <= armed + sum(map(len, told)) + 2 * len(told) + 2 + 1 + 12
    assert customer.shopper.carts[0].lines[0].links == tuple(links.values())


def test_a_message_that_waits_adds_what_it_tells_and_a_stage_its_id(customer: Customer) -> None:
    armed = customer.size
    customer.rests(614)
    assert customer.shopper.messages is not None and customer.shopper.messages.due
    assert customer.size <= armed + 70 + 200


def test_a_message_that_was_sent_adds_its_place_in_caps_its_variant_and_what_came_of_it(customer: Customer) -> None:
    armed = customer.size
    customer.rests(616)
    assert customer.shopper.correspondence().candidates == []
    assert customer.size <= armed + 70 + 160


def test_a_member_of_2_000_orders_in_the_full_club() -> None:
    ((_, found, _),) = lifetime("club", (2_000,))
    assert found["bytes_largest"] <= 32 * 1024
