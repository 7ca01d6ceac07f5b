"""Topologies that ask for consent, and streams in which shoppers and providers speak of it, in any order."""

from random import Random
from typing import Any

from tests.oracle.random_condition import Condition
from tests.oracle.random_stream import Call, Stream, track
from tests.oracle.random_topology import Topologies
from tests.oracle.trial import may_mean_any_cart, valid

CHANNELS = ["email", "email", "sms", "push"]
PURPOSES = ["marketing", "marketing", "offers"]
ADDRESSES = {
    "email": ["kim@shop.example", "Kim@Shop.Example ", "x@shop.example"],
    "sms": ["+49 151 1", "0049151 1", "0151-2", 491511],
    "push": ["t1", "t2"],
}
FIELDS = {"email": "email", "sms": "phone", "push": "token"}


class ConsentTopologies(Topologies):
    """Draws conditions on consent among the others."""

    def condition(self, depth: int, earlier: int) -> Condition:
        random = self.random
        if random.random() < 0.3:
            form = {"channel": random.choice(CHANNELS), "purpose": random.choice(PURPOSES)}
            if form["purpose"] == "marketing" and random.random() < 0.5:
                del form["purpose"]
            return {"consent": {**form, "is": random.choice(["granted", "denied", "reduced", "unknown"])}}
        return super().condition(depth, earlier)

    def draw(self) -> dict[str, Any]:
        topology = super().draw()
        chance = self.random.random()
        if chance < 0.3:
            return topology
        categories = {"Advertising": "marketing", "Ads": "marketing", "Offers": "offers"}
        return {**topology, "messaging": {"consent": {"categories": categories}} if chance < 0.7 else {}}


class ConsentStream(Stream):
    """Draws what is said of consent as often as all other calls together, and identify calls with addresses."""

    def __init__(self, random: Random, several_carts: bool) -> None:
        super().__init__(random, several_carts)
        weight = sum(weight for weight, _ in self.draws)
        self.draws = [*self.draws, (weight / 2, self.changed), (weight / 2, self.feedback), (weight / 6, self.contact)]

    def changed(self) -> Call:
        channel = self.random.choice(CHANNELS)
        status = self.random.choice(["granted", "granted", "granted", "denied", "reduced", "GRANTED", "perhaps", None])
        purpose = self.random.choice([None, None, "marketing", "Offers"])
        written = self.random.choice([channel, channel, channel.upper(), None])
        said = {"channel": written, "status": status, "purpose": purpose, **self._address(channel)}
        return track("Consent Changed", said)

    def feedback(self) -> Call:
        random = self.random
        event, channel = random.choice(
            [
                ("Email Unsubscribed", "email"),
                ("Email Marked as Spam", "email"),
                ("Email Bounced", "email"),
                ("SMS Opted Out", "sms"),
                ("Push Unsubscribed", "push"),
            ]
        )
        kind = random.choice(["hard", "Hard", "soft", None]) if event == "Email Bounced" else None
        return track(event, {"bounce_type": kind, **self._address(channel)})

    def contact(self) -> Call:
        channel = self.random.choice(["email", "sms"])
        address = self.random.choice([*ADDRESSES[channel], None, "", [1], True])
        return {"type": "identify", "traits": {FIELDS[channel]: address}}

    def _address(self, channel: str) -> dict[str, Any]:
        if self.random.random() < 0.4:
            return {}
        field = self.random.choice(["address", FIELDS[channel]])
        return {field: self.random.choice(ADDRESSES[channel])}


def stamped(random: Random, calls: list[Call]) -> list[Call]:
    """The calls of a stream, some with the categories of a consent manager or a device; a repeated one as it was."""
    found: list[Call] = []
    often = random.random() * 0.6
    for call in calls:
        again = next((one for one in found if one["messageId"] == call.get("messageId")), None)
        if again is not None and "context" not in call:
            found.append({**again, "receivedAt": call.get("receivedAt", again.get("receivedAt"))})
            continue
        if random.random() < often:
            names = random.sample(["Advertising", "Ads", "Offers", "Functional"], random.randint(0, 3))
            preferences = {name: random.choice([True, True, False, "yes", 1]) for name in names}
            call = {**call, "context": {**call.get("context", {}), "consent": {"categoryPreferences": preferences}}}
        if random.random() < often / 2:
            token = random.choice([*ADDRESSES["push"], "t3", "", None])
            call = {**call, "context": {**call.get("context", {}), "device": {"token": token}}}
        found.append(call)
    return found


def stream(random: Random, several_carts: bool = False) -> list[Call]:
    return stamped(random, ConsentStream(random, several_carts).draw(random.randint(15, 60)))


def consent_case(seed: int) -> tuple[dict[str, Any], list[Call]]:
    random = Random(seed)
    topology = valid(ConsentTopologies(random))
    return topology, stream(random, several_carts=not may_mean_any_cart(topology))
