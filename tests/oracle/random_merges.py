"""The streams of other trials, as people send them who come without an account, log in and out, and share devices."""

from random import Random
from typing import Any

from tests.oracle.ledger_trial import ledger_case
from tests.oracle.random_abandonment import abandonment_case
from tests.oracle.random_consent import consent_case
from tests.oracle.random_earning import earning_case
from tests.oracle.random_messages import message_case
from tests.oracle.random_stream import Call
from tests.oracle.trial import case

USERS = ["u1", "u2"]
DEVICES = ["d1", "d2", "d3", "d4"]
RATE = [{"on": "Order Completed", "points": 1, "per": 1}]
KINDS = [case, abandonment_case, consent_case, ledger_case, earning_case, message_case]


def merge_case(seed: int) -> tuple[dict[str, Any], list[Call]]:
    random = Random(f"merges {seed}")
    topology, calls = KINDS[seed % len(KINDS)](seed)
    for programme in topology.get("loyalty", {}).values():
        # Who referred whom is told from record to record, and stays with the id that was told.
        programme["earn"] = [rule for rule in programme["earn"] if "also" not in rule] or RATE
    identity = {"devices": random.choice([1, 2, 10, 10]), "blocked": []}
    # Visits older than that are only counted, so that of two records nobody knows which are one.
    time = {"late": {"segments": "7d", "triggers": "48h"}}
    return {**topology, "identity": identity, "time": time}, People(random).tell(calls)


class People:
    """Gives calls to the ids of people. Two thirds of what a device sends is of the user whom it belongs to."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.often_known = random.choice([0.15, 0.3, 0.5])
        self.of_message: dict[str, dict[str, Any]] = {}
        self.of_order: dict[str, dict[str, Any]] = {}

    def tell(self, calls: list[Call]) -> list[Call]:
        told: list[Call] = []
        for number, call in enumerate(calls):
            named = {name: value for name, value in call.items() if name not in ("userId", "anonymousId")}
            told.append({**named, **self._ids(call)})
            if self.random.random() < 0.04 and "receivedAt" in call:
                told.append(self._alias(call, number))
        return told

    def _ids(self, call: Call) -> dict[str, Any]:
        message = call["messageId"]
        order = (call.get("properties") or {}).get("order_id")
        if message not in self.of_message:
            again = order in self.of_order and self.random.random() < 0.7
            self.of_message[message] = self.of_order[order] if again else self._drawn()
            self.of_order.setdefault(order, self.of_message[message])
        return self.of_message[message]

    def _drawn(self) -> dict[str, Any]:
        device = self.random.choice(DEVICES)
        user = USERS[DEVICES.index(device) % 2] if self.random.random() < 0.67 else self.random.choice(USERS)
        way = self.random.random()
        if way < self.often_known * 0.4:
            return {"userId": user, "anonymousId": device}
        return {"userId": user} if way < self.often_known else {"userId": None, "anonymousId": device}

    def _alias(self, call: Call, number: int) -> Call:
        ids = {"previousId": self.random.choice(DEVICES), "userId": self.random.choice(USERS)}
        times = {name: call[name] for name in ("timestamp", "receivedAt")}
        return {"type": "alias", **ids, "messageId": f"alias{number}", **times}
