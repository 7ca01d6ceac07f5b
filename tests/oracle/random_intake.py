"""Topologies with `intake`, and streams of calls with contexts: bots, signals of privacy, campaigns, bursts."""

from random import Random
from typing import Any

from tests.oracle.random_condition import Condition
from tests.oracle.random_stream import Stream
from tests.oracle.random_topology import Topologies
from tests.oracle.trial import may_mean_any_cart, valid
from tests.oracle.values import instant, rfc3339

AGENTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/142.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
]
PAGES = [
    "https://shop.example/p",
    "https://shop.example/?utm_campaign=jan&utm_medium=email&utm_x=1",
    "https://shop.example/?a=1",
]
REFERRERS = ["", "https://shop.example/a", "https://www.google.de/search", "https://t.co/x", "https://blog.example/"]
FILTERS = [
    {"context.campaign.name": "jan"},
    {"context.campaign.medium": {"exists": True}},
    {"context.device.class": ["phone", "tablet", "bot"]},
    {"context.referrer.class": {"is_not": "internal"}},
    {"context.location.country": "DE"},
]
SHARES = [0, 12.5, 50, 100]


class IntakeTopologies(Topologies):
    """Draws what is taken, and conditions on what intake reads."""

    def condition(self, depth: int, earlier: int) -> Condition:
        if self.random.random() < 0.4:
            where = self.random.choice(FILTERS)
            return {"count": {"of": self.random.choice(["*", "page", "Product Viewed"]), "where": where, "at_least": 2}}
        return super().condition(depth, earlier)

    def draw(self) -> dict[str, Any]:
        return {**super().draw(), "intake": self.intake()}

    def intake(self) -> dict[str, Any]:
        random = self.random
        rules: dict[str, Any] = {
            "enrich": random.sample(["campaign", "referrer", "device", "country"], random.randint(0, 4))
        }
        if random.random() < 0.5:
            rules["bots"] = random.choice(["flag", "drop"])
        if random.random() < 0.5:
            bound = {"at_most": random.choice([1, 2, 3]), "per": random.choice(["1s", "5m", "1h"])}
            rules["hot_keys"] = {**bound, "over": random.choice(["flag", "drop", "drop"])}
        if random.random() < 0.2:
            rules["sample"] = {"percent": random.choice(SHARES), "salt": random.choice(["", "x"])}
        if random.random() < 0.5:
            rules["privacy"] = self.privacy()
        return rules

    def privacy(self) -> dict[str, Any]:
        random = self.random
        rules: dict[str, Any] = {"do_not_track": random.choice(["drop", "anonymous"])}
        if random.random() < 0.6:
            rules |= {
                "do_not_track": random.choice(["drop", "anonymous", "ignore"]),
                "required_consent": random.choice([["Analytics"], ["Analytics", "Ads"]]),
                "without_consent": random.choice(["drop", "anonymous"]),
                "unknown": random.choice(["granted", "granted", "denied"]),
            }
        return rules


def context(random: Random) -> dict[str, Any]:
    """What a client tells with a call; half of them nothing."""
    told: dict[str, Any] = {}
    if random.random() < 0.5:
        return told
    if random.random() < 0.6:
        told["userAgent"] = random.choice(AGENTS)
    if random.random() < 0.6:
        told["page"] = {"url": random.choice(PAGES)}
        if random.random() < 0.7:
            told["page"]["referrer"] = random.choice(REFERRERS)
    if random.random() < 0.2:
        told["campaign"] = {"name": random.choice(["jan", "feb"])}
    if random.random() < 0.3:
        told["location"] = {"country": random.choice(["DE", "AT"])}
    if random.random() < 0.2:
        told |= random.choice([{"doNotTrack": "1"}, {"doNotTrack": "0"}, {"globalPrivacyControl": True}])
    if random.random() < 0.3:
        told["consent"] = {"categoryPreferences": {"Analytics": random.random() < 0.6, "Ads": random.random() < 0.6}}
    if random.random() < 0.1:
        told["consentManagement"] = {"allowedConsentIds": ["Analytics"], "deniedConsentIds": ["Ads"]}
    return told


def case(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    random = Random(f"intake {seed}")
    topology = valid(IntakeTopologies(random))
    calls = Stream(random, several_carts=not may_mean_any_cart(topology)).draw(random.randint(15, 60))
    for call in calls:
        call["context"] = {**call.get("context", {}), **context(random)}
        if random.random() < 0.3:
            call["anonymousId"] = random.choice(["a1", "a2"])
        received = instant(call.get("receivedAt"))
        if (
            received is not None
            and call.get("event", call["type"]) in ("Product Viewed", "page")
            and random.random() < 0.5
        ):
            # So that there are bursts of event time.
            call["timestamp"] = rfc3339(received - received % 300_000)
    return topology, calls
