"""Random shops on the whole road: events of several streams through the processor, beside the engine all by itself."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import msgspec

from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.decision import Decision
from pipeline.domain.definition import Plan
from pipeline.domain.erasure_definition import ErasureDefinition
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.runtime.grave import DigestOf
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS
from pipeline.runtime.shopper_settings import Settings
from tests.oracle.engine_run import topology_text
from tests.oracle.random_endings import strewn
from tests.oracle.random_messages import MessageStream, MessageTopologies, travelling
from tests.oracle.random_stream import Call
from tests.oracle.random_topology import Topologies
from tests.oracle.values import instant
from tests.support.memory_broker import MemoryBroker
from tests.support.topology_driver import CODEC, AgentDriver, decisions, send_progress, shopper_driver

DAY = 86_400_000
DELIVERY = ("source", "decided_at")


def events_of(calls: list[dict[str, Any]], intake: Intake) -> list[Event]:
    """The calls as intake makes them, in received order, which is raised to the largest so far."""
    events: list[Event] = []
    for call in calls:
        for one in intake.accept(json.dumps(call).encode(), 0, from_field=True):
            if isinstance(one, Event):
                latest = events[-1].received if events else 0
                events.append(msgspec.structs.replace(one, received=max(latest, one.received)))
    return events


class Shop:
    """A topology and, for each source partition, events in received order; a shopper's all come from one source."""

    def __init__(self, seed: int, sources: int = 3, calls: int = 30, *, ends: bool = False) -> None:
        """ends: records end, on request and by themselves."""
        self.random = Random(seed)
        plan = draw_plan(self.random)
        self.engine = Engine(ending(self.random, plan) if ends else plan)
        self.sources: list[list[Event]] = []
        for source in range(sources):
            drawn = draw_calls(self.random, calls)
            drawn = strewn(self.random, drawn) if ends else drawn
            told = [{**call, "userId": f"{source}-{call['userId']}"} for call in drawn]
            self.sources.append(events_of(told, Intake(self.engine.plan)))
        self.until = max(event.received for events in self.sources for event in events) + 40 * DAY

    def interleaved(self) -> list[tuple[int, Event | int]]:
        """(source, event or progress) in an order that the sources could have been forwarded in, one lagging or not.
        A source tells its progress now and then, and at the end that all is in."""
        waiting = [list(events) for events in self.sources]
        order: list[tuple[int, Event | int]] = []
        while left := [source for source, events in enumerate(waiting) if events]:
            source = self.random.choice(left)
            for _ in range(self.random.randint(1, 6)):
                if waiting[source]:
                    event = waiting[source].pop(0)
                    order.append((source, event))
                    if self.random.random() < 0.4:
                        order.append((source, event.received))
        return order + [(source, self.until) for source in range(len(self.sources))]

    def alone(self) -> tuple[dict[str, list[Any]], dict[bytes, bytes]]:
        """What the engine says and keeps, given each shopper's events one by one."""
        shoppers: dict[str, Shopper] = defaultdict(Shopper)
        said: list[Decision] = []
        for events in self.sources:
            for event in events:
                said += self.engine.decide(shoppers[event.shopper], event, event.received).decisions
        for shopper_id, shopper in shoppers.items():
            said += self.engine.on_due(shopper, shopper_id, self.until).decisions
        found: dict[str, list[Any]] = defaultdict(list)
        for decision in said:
            found[f"{decision.shopper} {decision.topic}"].append(plain(msgspec.to_builtins(decision)))
        known = {key.encode(): CODEC.encode(shopper) for key, shopper in shoppers.items() if shopper.created}
        return dict(found), known

    def road(
        self,
        order: list[tuple[int, Event | int]],
        partitions: int,
        settings: Settings | None = None,
        sizes: Callable[[], int] = lambda: 5_000,
    ) -> AgentDriver:
        """A driver with everything sent, nothing taken."""
        broker = MemoryBroker({SHOPPER_EVENTS: partitions})
        for source, one in order:
            if isinstance(one, Event):
                broker.append(SHOPPER_EVENTS, one.shopper.encode(), msgspec.json.encode(one))
            else:
                send_progress(broker, source, one)
        given = settings or Settings(len(self.sources), None)
        return shopper_driver(broker, self.engine, given, sizes, digest_of(self.engine))


def said(broker: MemoryBroker) -> dict[str, list[Any]]:
    """Decisions by shopper and topic, in their order, without what tells of the delivery."""
    found: dict[str, list[Any]] = defaultdict(list)
    for decision in decisions(broker):
        found[f"{decision['shopper']} {decision['topic']}"].append(plain(decision))
    return dict(found)


def letters(driver: AgentDriver) -> list[tuple[bytes, bytes]]:
    """Dead letters as (reason, value), in no order."""
    headers, records = driver.broker.headers(DEAD_LETTERS), driver.broker.all(DEAD_LETTERS)
    return sorted((told["reason"], record.value or b"") for told, record in zip(headers, records, strict=True))


def plain(decision: dict[str, Any]) -> dict[str, Any]:
    """A decision without what tells of its delivery."""
    fields: dict[str, Any] = json.loads(msgspec.json.encode(decision))
    return {name: value for name, value in fields.items() if name not in DELIVERY}


def draw_plan(random: Random) -> Plan:
    """Every other one sends messages, which are decided by hashes, too."""
    while True:
        topology = random.choice([Topologies, MessageTopologies])(random).draw()
        for message in topology.get("messaging", {}).get("messages", {}).values():
            message["variants"] = {"a": 50, "b": 50}
            message.pop("discount", None)
            if random.random() < 0.5:
                message.pop("escalate", None)
                message["channel"] = "on-site"
        if "quiet_hours" in topology.get("messaging", {}):
            topology["messaging"]["quiet_hours"]["spread"] = "20s"
        try:
            return parse(topology_text(topology), {}).plan()
        except TopologyError:
            continue


def ending(random: Random, plan: Plan) -> Plan:
    """The plan, with records that end."""
    inactive = random.choice([None, None, 6 * 3_600_000, DAY])
    return replace(plan, erasure=ErasureDefinition("salt", frozenset({"Signed Up"})), inactive=inactive)


def draw_calls(random: Random, count: int) -> list[Call]:
    """Of shoppers who can be reached, who speak of consent, and who travel."""
    return travelling(random, MessageStream(random, several_carts=True).draw(count))


def digest_of(engine: Engine) -> DigestOf | None:
    """As the shopper agent's fold is given it."""
    return engine.erasure.digest if engine.plan.erasure is not None else None


def draw_history(
    random: Random, streams: int = 3, calls: int = 30, ends: Random | None = None
) -> list[tuple[int, bytes]]:
    """(received time, line) of several streams, in received order, some of them damaged. ends: draws erasures."""
    drawn: list[dict[str, Any]] = []
    for number in range(streams):
        told = draw_calls(random, calls)
        for call in told if ends is None else strewn(ends, told):
            drawn.append({**call, "userId": f"{number}-{call['userId']}"})
    timed = sorted(((str(call.get("receivedAt") or call["timestamp"]), call) for call in drawn), key=lambda one: one[0])
    return [
        (instant(received) or 0, json.dumps(call).encode()[: 40 if random.random() < 0.03 else None])
        for received, call in timed
    ]
