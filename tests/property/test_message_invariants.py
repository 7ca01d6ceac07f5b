"""What holds of messages whatever asks for them: each candidate ends once, no cap is ever exceeded, nothing goes at
night or without consent. With variants, holdouts and spreads, which the simulator leaves out."""

import os
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.oracle import consent
from tests.oracle.engine_run import run
from tests.oracle.feedback import named
from tests.oracle.history import Record, read
from tests.oracle.occasions import SOURCES, asks
from tests.oracle.oracle import Verdict
from tests.oracle.random_messages import busy_case
from tests.oracle.segments import traits
from tests.oracle.trial import UNTIL, zoned
from tests.oracle.values import EPOCH, instant, span
from tests.oracle.ways import channels, quiet_of
from tests.oracle.windows import zone_of

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "60"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))

Line = dict[str, Any]


class Outcome:
    """One random shop, and what came of it."""

    def __init__(self, seed: int) -> None:
        self.topology, self.events = busy_case(seed, 160)
        random, messaging = Random(seed), self.topology["messaging"]
        messaging["holdout"] = {"percent": 20, "salt": "s"}
        for message in messaging["messages"].values():
            message["variants"], message["discount"] = {"a": 30, "b": 70}, {"b": "TEN"}
        if "quiet_hours" in messaging and random.random() < 0.7:
            messaging["quiet_hours"]["spread"] = "20s"
        self.messaging = messaging
        self.events = named(self.events, self.topology, UNTIL)
        self.verdict: Verdict = run(self.events, self.topology, UNTIL)
        self.messages: list[Line] = self.verdict.topics["messages"]
        self.suppressions: list[Line] = self.verdict.topics["message-suppressions"]
        self.records, _ = read(self.events, zoned(self.topology), None)

    def entry(self, line: Line) -> dict[str, Any]:
        found: dict[str, Any] = self.messaging["messages"][line["message"]]
        return found

    def heard(self, what: str, message: Line, never: int) -> int:
        """When a message that was sent was first said to be opened (or clicked), or to have failed."""
        names = {"opened": ("Message Opened", "Message Clicked"), "failed": ("Message Failed",)}[what]
        theirs = [one for one in self.records if one.shopper == message["shopper"] and one.name in names]
        told = [one.received for one in theirs if one.properties.get("message_id") == message["id"]]
        return min((one for one in told if one > (instant(message["effective_at"]) or 0)), default=never)

    def known(self, line: Line) -> list[Record]:
        """Records of the shopper that the decision knew of: all before it, and its own cause."""
        at, cause = instant(line["effective_at"]) or 0, line["cause"]["message_id"]
        theirs = [one for one in self.records if one.shopper == line["shopper"]]
        ids: set[str] = set()
        found = []
        for one in theirs:
            if one.received < at or (one.received == at and cause is not None):
                if one.message_id not in ids:
                    found.append(one)
                ids.add(one.message_id)
            if one.message_id == cause:
                break
        return found


@cache
def of_seed(seed: int) -> Outcome:
    return Outcome(seed)


@pytest.fixture(params=range(FIRST, FIRST + SEEDS))
def outcome(request: pytest.FixtureRequest) -> Outcome:
    return of_seed(request.param)


def test_each_candidate_ends_as_one_message_or_one_suppression(outcome: Outcome) -> None:
    asked: set[tuple[str, str]] = set()
    for topic in SOURCES:
        for line in outcome.verdict.topics[topic]:
            for name, entry in outcome.messaging["messages"].items():
                if asks(entry["on"], topic, line):
                    asked.add((name, line["id"]))
    ends = Counter(map(step_of, outcome.messages))
    ends.update(step_of(one) for one in outcome.suppressions if one["until"] is None)
    of_events = {name for name, entry in outcome.messaging["messages"].items() if "event" in entry["on"]}
    first = {(name, trigger) for _, name, trigger, step in ends if step == 1}
    assert {each for each in first if each[0] not in of_events} == asked
    assert {(name, trigger) for _, name, trigger, _ in ends} == first
    assert set(ends.values()) <= {1}
    # A notice comes before the end, and waits for an instant that is not before it.
    for notice in outcome.suppressions:
        if notice["until"] is not None:
            assert ends[step_of(notice)] == 1
            assert notice["until"] > notice["effective_at"]


def step_of(line: Line) -> tuple[str, str, str, int]:
    return line["shopper"], line["message"], line["trigger"], line["step"]


def test_a_message_goes_on_to_another_channel_only_if_it_has_to(outcome: Outcome) -> None:
    sent = {step_of(one): one for one in outcome.messages}
    refused = {step_of(one): one for one in outcome.suppressions if one["until"] is None}
    for line in [*sent.values(), *refused.values()]:
        steps = channels(outcome.entry(line))
        assert line["channel"] == steps[line["step"] - 1][0]
        earlier = [(*step_of(line)[:3], step) for step in range(1, line["step"])]
        for step in earlier:
            assert step not in refused or refused[step]["reason"] in ("consent", "unreachable")
        if line["step"] > 1 and line["reason" if "reason" in line else "channel"] not in ("exclusion", "expired"):
            at, before = instant(line["effective_at"]) or 0, [sent[step] for step in earlier if step in sent]
            if "reason" not in line:
                assert all(outcome.heard("opened", one, at) >= at for one in before)
            if before and earlier[-1] in sent and outcome.heard("failed", before[-1], at + 1) > at:
                assert at - (instant(before[-1]["effective_at"]) or 0) >= (steps[line["step"] - 1][1] or 0)


def test_whom_to_send_it_to_is_told_unless_it_is_to_be_asked_for(outcome: Outcome) -> None:
    for line in outcome.messages:
        told = outcome.entry(line).get("payload", outcome.messaging.get("payload"))
        assert (line["recipient"] is None) is (told == "reference")
        if line["recipient"] is not None:
            assert bool(line["recipient"]["addresses"]) is (line["channel"] != "on-site")
        else:
            assert "@" not in str(line["payload"])
            assert not (line["payload"]["abandonment"] or {}).get("cart")


def test_no_cap_is_exceeded_in_any_window(outcome: Outcome) -> None:
    sent: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for line in outcome.messages:
        if not outcome.entry(line).get("transactional"):
            failed = outcome.heard("failed", line, sys.maxsize)
            sent[line["shopper"], line["channel"]].append((instant(line["effective_at"]) or 0, failed))
    for cap in outcome.messaging.get("caps") or []:
        for (_, channel), times in sent.items():
            if channel == cap["channel"]:
                for end, _ in times:
                    counted = [one for one, failed in times if end - span(cap["per"]) < one <= end < failed]
                    assert len(counted) <= cap["at_most"]


def test_nothing_goes_in_quiet_hours(outcome: Outcome) -> None:
    hours = outcome.messaging.get("quiet_hours") or {"channels": []}
    for line in outcome.messages:
        known = [one for one in outcome.known(line) if not one.late_segments]
        zone = zone_of(known, traits(known), outcome.topology["shop"]["timezone"])
        at = (EPOCH + timedelta(milliseconds=instant(line["effective_at"]) or 0)).astimezone(ZoneInfo(zone))
        if outcome.entry(line).get("quiet_hours") != "ignore" and line["channel"] in hours.get(
            "channels", line["channel"]
        ):
            assert not quiet(hours, at), (line, zone)
        own = quiet_of(outcome.entry(line).get("send"))
        assert own is None or not quiet(own, at), (line, zone)


def quiet(hours: dict[str, Any], at: datetime) -> bool:
    clock = at.strftime("%H:%M")
    if hours["from"] < hours["to"]:
        return bool(hours["from"] <= clock < hours["to"])
    return bool(clock >= hours["from"] or clock < hours["to"])


def test_nothing_is_sent_without_consent_or_an_address(outcome: Outcome) -> None:
    unknown = outcome.messaging["consent"]["unknown"]
    for line in outcome.messages:
        known = outcome.known(line)
        purpose = "transactional" if outcome.entry(line).get("transactional") else "marketing"
        word = consent.decides(known, zoned(outcome.topology), traits(known), line["channel"], purpose)
        status = consent.status(word)
        assert status != "denied"
        assert not consent.suppressed(known)
        assert status != "unknown" or unknown == "granted" or purpose == "transactional"
        if line["channel"] in ("email", "sms"):
            assert consent.owned(traits(known), line["channel"])


def test_a_shopper_is_held_out_of_all_marketing_or_of_none(outcome: Outcome) -> None:
    held = {one["shopper"] for one in outcome.suppressions if one["reason"] == "holdout"}
    marketing = [one for one in outcome.messages if not outcome.entry(one).get("transactional")]
    assert held.isdisjoint(one["shopper"] for one in marketing)
    offers = {(one["shopper"], one["campaign"], one["variant"], one["discount"]) for one in outcome.messages}
    assert len(offers) == len({each[:2] for each in offers})


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS // 4))
def test_exposures_and_results_are_told_once_and_of_what_was_sent(seed: int) -> None:
    outcome = Outcome(seed)
    topics = outcome.verdict.topics
    sent = {one["id"]: one for one in outcome.messages}
    results = topics["message-results"]
    assert max(Counter((one["message_id"], one["result"]) for one in results).values(), default=1) == 1
    for line in results:
        message = sent[line["message_id"]]
        assert [line[name] for name in ("shopper", "message", "channel", "variant")] == [
            message[name] for name in ("shopper", "message", "channel", "variant")
        ]
        assert message["effective_at"] <= line["effective_at"]
        assert line["result"] != "recovered" or line["time_to_order"] > 0
    recovered = [one for one in results if one["result"] == "recovered" and one["last_touch"]]
    assert max(Counter((one["shopper"], one["order_id"]) for one in recovered).values(), default=1) == 1
    lines = topics["experiment-exposures"]
    exposed = {one["id"]: one for one in lines if one["change"] == "exposed"}
    taken = [(one["shopper"], one["experiment"]) for one in exposed.values()]
    assert len(taken) == len(set(taken))
    converted = [one["exposure"] for one in lines if one["change"] == "converted"]
    assert len(converted) == len(set(converted))
    assert set(converted) <= set(exposed)
    of_layers = Counter((one["shopper"], one["layer"]) for one in exposed.values() if one["layer"])
    assert max(of_layers.values(), default=1) == 1
    held = {one["shopper"] for one in exposed.values() if one["holdout"]}
    transactional = {name for name, entry in outcome.messaging["messages"].items() if entry.get("transactional")}
    others = [one for one in exposed.values() if not one["holdout"] and one["message"] not in transactional]
    assert held.isdisjoint(one["shopper"] for one in others)
