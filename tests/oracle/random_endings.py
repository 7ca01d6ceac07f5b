"""Shops in which records end: erasures, returns and long silences strewn over random histories."""

from random import Random
from typing import Any

from tests.oracle.random_messages import message_case
from tests.oracle.random_stream import DELAYS, Call, track
from tests.oracle.trial import case
from tests.oracle.values import instant, rfc3339

ERASURES = [{}, {"pepper": "salt", "return_by": ["Signed Up", "Consent Changed"]}, {"return_by": ["Order Completed"]}]


def endings_case(seed: int) -> tuple[dict[str, Any], list[Call]]:
    """A topology and a stream: every third with messages, of which nothing comes: feedback names a message by a number
    of the shopper's, and lives count anew."""
    random = Random(seed)
    topology, events = message_case(seed) if seed % 3 == 0 else case(seed)
    topology = {**topology, "erasure": random.choice(ERASURES)}
    if random.random() < 0.4:
        topology["retention"] = {"inactive": random.choice(["1h", "6h", "1d", "5d"])}
        if random.random() < 0.3:
            del topology["erasure"]
    return topology, strewn(random, [one for one in events if not one.get("event", "").startswith("Message ")])


def strewn(random: Random, events: list[Call]) -> list[Call]:
    """The events, and between them what ends lives and lets in again; now and then sent twice, or late."""
    found: list[Call] = []
    for number, event in enumerate(events):
        found.append(event)
        if random.random() < 0.85 or "receivedAt" not in event:
            continue
        received = instant(event["receivedAt"]) or 0
        asked = received if random.random() < 0.8 else received - random.choice(DELAYS)
        drawn = random.choice(
            [
                track("Shopper Erased", {"reason": random.choice(["asked", None, 7])}),
                track("Shopper Erased", {}),
                track("Signed Up", {}),
                track("Consent Changed", {"channel": "email", "status": random.choice(["granted", "denied", "?"])}),
            ]
        )
        who = {key: event[key] for key in ("userId", "anonymousId") if key in event}
        call = {**drawn, **who, "messageId": f"e{number:04d}", "timestamp": rfc3339(asked)}
        found.append({**call, "receivedAt": rfc3339(received)})
        if random.random() < 0.2:
            found.append({**found[-1]})
    return found
