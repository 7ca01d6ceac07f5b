"""What holds of messages whatever asks for them: each candidate ends once, no cap is ever exceeded, nothing goes at
night or without consent. With variants, holdouts and spreads, which the simulator leaves out."""

import os
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.oracle import consent
from tests.oracle.engine_run import run
from tests.oracle.history import Record, read
from tests.oracle.messages import SOURCES, asks
from tests.oracle.oracle import Verdict
from tests.oracle.random_messages import busy_case
from tests.oracle.segments import traits
from tests.oracle.trial import UNTIL, zoned
from tests.oracle.values import EPOCH, instant, span
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
            message["variants"] = {"a": 30, "b": 70}
        if "quiet_hours" in messaging and random.random() < 0.7:
            messaging["quiet_hours"]["spread"] = "20s"
        self.messaging = messaging
        self.verdict: Verdict = run(self.events, self.topology, UNTIL)
        self.messages: list[Line] = self.verdict.topics["messages"]
        self.suppressions: list[Line] = self.verdict.topics["message-suppressions"]
        self.records, _ = read(self.events, zoned(self.topology), None)

    def entry(self, line: Line) -> dict[str, Any]:
        found: dict[str, Any] = self.messaging["messages"][line["message"]]
        return found

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
    ends = Counter((one["message"], one["trigger"]) for one in outcome.messages)
    ends.update((one["message"], one["trigger"]) for one in outcome.suppressions if one["until"] is None)
    of_events = {name for name, entry in outcome.messaging["messages"].items() if "event" in entry["on"]}
    assert {each for each in ends if each[0] not in of_events} == asked
    assert set(ends.values()) <= {1}
    # A notice comes before the end, and waits for an instant that is not before it.
    for notice in outcome.suppressions:
        if notice["until"] is not None:
            assert ends[notice["message"], notice["trigger"]] == 1
            assert notice["until"] > notice["effective_at"]


def test_no_cap_is_exceeded_in_any_window(outcome: Outcome) -> None:
    sent: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in outcome.messages:
        if not outcome.entry(line).get("transactional"):
            sent[line["shopper"], line["channel"]].append(instant(line["effective_at"]) or 0)
    for cap in outcome.messaging.get("caps") or []:
        for (_, channel), times in sent.items():
            if channel == cap["channel"]:
                for end in times:
                    assert sum(end - span(cap["per"]) < one <= end for one in times) <= cap["at_most"]


def test_nothing_goes_in_quiet_hours(outcome: Outcome) -> None:
    hours = outcome.messaging.get("quiet_hours")
    if hours is None:
        return
    for line in outcome.messages:
        known = [one for one in outcome.known(line) if not one.late_segments]
        zone = zone_of(known, traits(known), outcome.topology["shop"]["timezone"])
        at = (EPOCH + timedelta(milliseconds=instant(line["effective_at"]) or 0)).astimezone(ZoneInfo(zone))
        if outcome.entry(line).get("quiet_hours") != "ignore" and line["channel"] in hours.get(
            "channels", line["channel"]
        ):
            assert not quiet(hours, at), (line, zone)


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
        assert status != "unknown" or unknown == "granted" or purpose == "transactional"
        if line["channel"] in ("email", "sms"):
            assert consent.owned(traits(known), line["channel"])


def test_a_shopper_is_held_out_of_all_marketing_or_of_none(outcome: Outcome) -> None:
    held = {one["shopper"] for one in outcome.suppressions if one["reason"] == "holdout"}
    marketing = [one for one in outcome.messages if not outcome.entry(one).get("transactional")]
    assert held.isdisjoint(one["shopper"] for one in marketing)
    variants = {(one["shopper"], one["message"], one["variant"]) for one in outcome.messages}
    assert len(variants) == len({each[:2] for each in variants})
