"""A record whose damage shows only when an event, or a timer, asks for what is damaged."""

import msgspec
import pytest

from pipeline.domain.event import Event
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS, StateFormatError, StateWrite
from pipeline.runtime.shopper_settings import Settings
from tests.support.fake_engine import FakeEngine
from tests.support.memory_broker import MemoryBroker
from tests.support.topology_driver import CODEC, AgentDriver, decisions, send_progress, shopper_driver

T = 1_767_434_400_000


class LookingEngine(FakeEngine):
    """Looks at the orders for an event named `look`, and whenever a timer is due."""

    def decide(self, shopper: Shopper, event: Event, now: int, changed_at: int = 0) -> Outcome:
        if event.name == "look":
            _ = shopper.orders
        return super().decide(shopper, event, now)

    def on_due(
        self, shopper: Shopper, shopper_id: str, until: int, changed_at: int = 0, silent: bool = False
    ) -> Outcome:
        if not silent:
            _ = shopper.orders
        return super().on_due(shopper, shopper_id, until, changed_at, silent)


def damaged() -> bytes:
    """Ann's record, due at T + 500, with a number in place of her carts and orders."""
    fields = msgspec.msgpack.decode(CODEC.encode(Shopper(now=T, due=T + 500, created=T))[1:], strict=False)
    fields[Shopper.__struct_fields__.index("shopping")] = 7
    return CODEC.encode(Shopper())[:1] + msgspec.msgpack.encode(fields)


def driver_with(broker: MemoryBroker, value: bytes) -> AgentDriver:
    driver = shopper_driver(broker, LookingEngine(), Settings(1, None))
    state = driver.lanes[0].state
    state.write(StateWrite([(b"ann", value)], -1, None, [(T + 500, b"ann")]))
    return driver


def send(broker: MemoryBroker, shopper: str, at: int, name: str = "Product Viewed") -> None:
    event = Event("track", name, shopper, T + at, T + at, f"m{at}")
    broker.append(SHOPPER_EVENTS, shopper.encode(), msgspec.json.encode(event))


def test_an_event_that_asks_for_it_stops_the_partition_and_is_no_dead_letter() -> None:
    broker = MemoryBroker()
    driver = driver_with(broker, damaged())
    send(broker, "bob", 1)
    send(broker, "ann", 2, "look")
    with pytest.raises(StateFormatError, match="damaged shopper record: ValidationError"):
        driver.run()
    assert broker.all(DEAD_LETTERS) == []
    assert list(decisions(broker)) == []
    assert driver.state()[b"ann"] == damaged()


def test_so_does_a_timer() -> None:
    broker = MemoryBroker()
    driver = driver_with(broker, damaged())
    send_progress(broker, 0, T + 1_000)
    with pytest.raises(StateFormatError, match="damaged shopper record"):
        driver.run()


def test_an_event_that_does_not_ask_leaves_it_as_it_is() -> None:
    broker = MemoryBroker()
    driver = driver_with(broker, damaged())
    send(broker, "ann", 2)
    driver.run()
    assert [one["type"] for one in decisions(broker)] == ["seen"]
    assert CODEC.decode(driver.state()[b"ann"]).shopping == msgspec.Raw(b"\x07")
