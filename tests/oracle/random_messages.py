"""Topologies that send messages, and streams in which shoppers ask for them. Priorities differ, so that no choice is
left to the ids of decisions, which the oracle does not know."""

from random import Random
from typing import Any

from tests.oracle.instances import STAGES
from tests.oracle.random_consent import ConsentStream, ConsentTopologies, stamped
from tests.oracle.random_links import linked
from tests.oracle.random_stream import Call, track
from tests.oracle.random_topology import ZONES
from tests.oracle.results import FEEDBACK
from tests.oracle.trial import may_mean_any_cart, valid

CHANNELS = ["email", "email", "email", "sms", "push", "on-site"]
EVENTS = ["Product Viewed", "Product Added", "Order Completed", "page", "Consent Changed"]


class MessageTopologies(ConsentTopologies):
    """Draws messages on all that may ask for one, with all bounds on them."""

    def draw(self) -> dict[str, Any]:
        random, topology = self.random, super().draw()
        names = [f"m{index}" for index in range(random.randint(1, 6))]
        priorities = random.sample(range(20), len(names))
        messages = {name: self.message(topology, priority) for name, priority in zip(names, priorities, strict=True)}
        self.join(messages)
        messaging: dict[str, Any] = {**topology.get("messaging", {}), "messages": messages}
        messaging["consent"] = {
            **messaging.get("consent", {}),
            "unknown": random.choice(["granted", "granted", "granted", "denied"]),
        }
        if random.random() < 0.8:
            messaging["arbitration"] = random.choice(["0s", "1ms", "60s", "5m", "1h"])
        if random.random() < 0.7:
            messaging["caps"] = [self.cap() for _ in range(random.randint(1, 3))]
        if random.random() < 0.6:
            begin, end = random.sample(["00:00", "02:30", "08:00", "12:00", "21:00", "23:59"], 2)
            messaging["quiet_hours"] = {"from": begin, "to": end}
            if random.random() < 0.5:
                messaging["quiet_hours"]["channels"] = random.choice([["email"], ["email", "sms"], ["on-site"]])
        if random.random() < 0.3:
            percent = random.choice([0, 12.5, 50, 50, 100])
            messaging["holdout"] = {"percent": percent, "salt": random.choice(["q1", "q2"])}
        if random.random() < 0.2:
            messaging["payload"] = random.choice(["full", "reference"])
        varied = sorted({entry.get("campaign", name) for name, entry in messages.items() if "variants" in entry})
        if varied and random.random() < 0.5:
            share = 100 // len(varied)
            messaging["layers"] = {"one": dict.fromkeys(varied, random.choice([share, share, share / 2]))}
        return {**topology, "messaging": messaging}

    def join(self, messages: dict[str, Any]) -> None:
        """Put some messages into one campaign, which makes one offer."""
        random = self.random
        if len(messages) > 1 and random.random() < 0.4:
            first, *others = random.sample(list(messages), random.randint(2, len(messages)))
            messages[first]["campaign"] = random.choice(["spring", first])
            for name in others:
                one, leader = messages[name], messages[first]
                for key in ("campaign", "variants", "discount", "transactional"):
                    one.pop(key, None)
                    one |= {key: leader[key]} if key in leader else {}

    def cap(self) -> dict[str, Any]:
        random = self.random
        cap = {
            "channel": random.choice(CHANNELS),
            "at_most": random.choice([1, 1, 2, 3]),
            "per": random.choice(["1ms", "10m", "1h", "4h", "16h", "1d", "3d"]),
        }
        return {**cap, "over": random.choice(["drop", "defer", "defer"])} if random.random() < 0.8 else cap

    def message(self, topology: dict[str, Any], priority: int) -> dict[str, Any]:
        random = self.random
        message: dict[str, Any] = {
            "on": self.occasion(topology),
            "channel": random.choice(CHANNELS),
            "priority": priority,
        }
        if random.random() < 0.3:
            segment = {"in": random.choice(list(topology["segments"]))}
            message["unless"] = random.choice([segment, self.condition(1, 0)])
        if random.random() < 0.3:
            message["expires"] = random.choice(["60s", "60001ms", "1h", "12h", "1d"])
        if random.random() < 0.2:
            message["transactional"] = True
        if random.random() < 0.3:
            message["variants"] = random.choice([{"a": 30, "b": 70}, {"c": 50, "b": 25.25, "a": 24.75}, {"only": 100}])
        if random.random() < 0.2:
            message["attribution"] = random.choice(["1ms", "1h", "4h", "1d", "7d"])
        if random.random() < 0.2:
            message["quiet_hours"] = "ignore"
        if random.random() < 0.4:
            del message["channel"]
            message["escalate"] = self.steps()
        if random.random() < 0.3:
            variants = list(message.get("variants", {}))
            message["discount"] = {name: f"for {name}" for name in variants[:2]} if variants else "TEN"
        if random.random() < 0.2:
            earliest, latest = random.sample(["00:00", "02:30", "09:00", "12:00", "20:00"], 2)
            bounds = [("earliest", earliest), ("latest", latest)]
            message["send"] = dict(random.sample(bounds, random.choice([1, 2, 2])))
        if random.random() < 0.1:
            message["payload"] = random.choice(["full", "reference"])
        return message

    def steps(self) -> list[str]:
        random = self.random
        first, *others = random.sample(["email", "sms", "push", "on-site"], random.randint(2, 4))
        spans = ["1ms", "60s", "1h", "1h", "4h", "1d"]
        return [first, *(random.choice([one, f"{one} after {random.choice(spans)}"]) for one in others)]

    def occasion(self, topology: dict[str, Any]) -> dict[str, Any]:
        random = self.random
        kind = random.choice(["abandonment", "abandonment", "segment", "tier", "points", "event"])
        rules = topology.get("abandonment")
        if kind == "abandonment" and rules:
            name = random.choice(list(rules))
            stages = len(rules[name].get("stages", STAGES[rules[name].get("kind", name)]))
            return {"abandonment": name, "stage": random.randint(1, stages)}
        if kind == "tier" and "loyalty" in topology:
            changes = ["joined", "upgraded", "upgraded", "downgraded", "renewed", "will_downgrade"]
            return {"tier": "club", "change": random.choice(changes)}
        if kind == "points" and "loyalty" in topology:
            return {"points": "club", "entry": random.choice(["confirmed", "confirmed", "reversed", "adjusted"])}
        if kind == "event":
            return {"event": random.choice(EVENTS)}
        return {"segment": random.choice(list(topology["segments"])), "change": random.choice(["entered", "exited"])}


def travelling(random: Random, calls: list[Call]) -> list[Call]:
    """The calls of a stream, some with the zone that they come from, which may be none; a repeated one as it was."""
    found: dict[str, Call] = {}
    told: list[Call] = []
    for call in calls:
        if random.random() < 0.2 and call["messageId"] not in found:
            zone = random.choice([*ZONES, "Middle/Earth"])
            call = {**call, "context": {**call.get("context", {}), "timezone": zone}}
        elif "context" in found.get(call["messageId"], {}):
            call = {**call, "context": found[call["messageId"]]["context"]}
        found.setdefault(call["messageId"], call)
        told.append(call)
    return told


class MessageStream(ConsentStream):
    """Speaks less of consent than a ConsentStream. Most shoppers can be reached from the beginning."""

    def __init__(self, random: Random, several_carts: bool) -> None:
        super().__init__(random, several_carts)
        often = {self.changed: 2.0, self.feedback: 0.7, self.contact: 0.7}
        self.draws = [(often.get(draw, weight), draw) for weight, draw in self.draws]
        self.draws += [(4, self.told_of_message), (0.2, self.suppressed)]

    def told_of_message(self) -> Call:
        """Feedback of a provider; of a message that may not have been sent yet, or never."""
        message = f"m{self.random.randint(0, 3)} {self.random.choice([1, 1, 1, 2, 3, 4])}"
        return track(self.random.choice([*FEEDBACK, "Message Failed"]), {"message_id": message})

    def suppressed(self) -> Call:
        return track(self.random.choice(["Shopper Suppressed", "Shopper Unsuppressed", "Shopper Unsuppressed"]), {})

    def draw(self, count: int) -> list[Call]:
        calls = super().draw(count)
        first = {"receivedAt": calls[0]["receivedAt"], "timestamp": calls[0]["receivedAt"], "type": "identify"}
        contacts = {"email": "kim@shop.example", "phone": "+49 151 1"}
        if self.random.random() < 0.5:
            contacts["locale"] = self.random.choice(["de-DE", " en ", ""])
        known = [{"userId": "u1"}, {"userId": None, "anonymousId": "a2"}] if self.random.random() < 0.9 else []
        return [
            *({**first, **one, "messageId": f"k{number}", "traits": contacts} for number, one in enumerate(known)),
            *calls,
        ]


class BusyTopologies(MessageTopologies):
    """Draws messages that events ask for, on one channel or two, so that they meet each other, caps and the night."""

    def draw(self) -> dict[str, Any]:
        random, topology = self.random, super().draw()
        messaging = topology["messaging"]
        channels = random.sample(["email", "email", "email", "sms", "on-site", "push"], random.choice([1, 1, 2]))
        for message in messaging["messages"].values():
            if "escalate" not in message:
                message["channel"] = random.choice(channels)
            if random.random() < 0.7:
                message["on"] = {"event": random.choice(EVENTS[:4])}
        messaging["consent"]["unknown"] = "granted"
        messaging["caps"] = [{**self.cap(), "channel": random.choice(channels)} for _ in range(random.randint(1, 2))]
        return topology


class BusyStream(MessageStream):
    """Of shoppers who may mostly be written to."""

    def __init__(self, random: Random, several_carts: bool) -> None:
        super().__init__(random, several_carts)
        often = {self.viewed: 20.0, self.added: 15.0, self.changed: 1.0, self.feedback: 0.2, self.contact: 0.1}
        often[self.told_of_message] = 25.0
        self.draws = [(often.get(draw, weight), draw) for weight, draw in self.draws]


def stream(random: Random, several_carts: bool, kind: type[MessageStream], calls: int) -> list[Call]:
    drawn = kind(random, several_carts).draw(calls)
    told = travelling(random, stamped(random, drawn) if random.random() < 0.3 else drawn)
    return linked(random, told, languages=True) if random.random() < 0.5 else told


def message_case(seed: int) -> tuple[dict[str, Any], list[Call]]:
    """Every other shop is a busy one."""
    return busy_case(seed, 80) if seed % 2 else _case(Random(seed), MessageTopologies, MessageStream, 80)


def busy_case(seed: int, calls: int) -> tuple[dict[str, Any], list[Call]]:
    """calls: how many at the most."""
    return _case(Random(seed), BusyTopologies, BusyStream, calls)


def _case(
    random: Random, topologies: type[MessageTopologies], kind: type[MessageStream], calls: int
) -> tuple[dict[str, Any], list[Call]]:
    topology = valid(topologies(random))
    return topology, stream(random, not may_mean_any_cart(topology), kind, random.randint(calls // 4, calls))
