"""The rules that the other engines run are the reference topology's: else the comparison would be void."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.cluster import REFERENCE
from benchmarks.engines.feed import Decision, parse
from benchmarks.engines.rules.reference import State, decide, new_shopper
from benchmarks.engines.source import milliseconds
from benchmarks.workload import START, workload
from tests.support.replay_run import replay

EVENTS, SHOPPERS, SLOWER = 6_000, 300, 80


def test_they_decide_what_afterclick_decides_of_the_same_events(tmp_path: Path) -> None:
    # given events spread over hours, so that windows close between a shopper's events
    calls = [_stretched(json.loads(value)) for _, value in workload(EVENTS, shoppers=SHOPPERS)]
    source = tmp_path / "calls.ndjson"
    source.write_text("".join(json.dumps(call) + "\n" for call in calls))
    # when both decide
    run = replay(REFERENCE, [source], tmp_path / "decisions")
    theirs, states = Counter[Decision](), dict[str, State]()
    for call in calls:
        for decision in decide(states.setdefault(call["userId"], new_shopper()), call):
            theirs[parse(json.dumps(decision).encode())[0]] += 1
    # then the decisions are equal, but for exits after a shopper's last event, which engines without timers never see
    last = {int(call["userId"][1:]): milliseconds(call["timestamp"]) for call in calls}
    ours = Counter[Decision]()
    for topic in ("segment-changes", "loyalty-tiers"):
        for line in run.lines(topic):
            decision, _ = parse(json.dumps(line).encode())
            if decision.effective_at <= last[decision.shopper]:
                ours[decision] += 1
    assert theirs == ours
    assert {(one.rule, one.change) for one in ours} == {
        ("engaged", "entered"), ("engaged", "exited"), ("big_cart", "entered"), ("big_cart", "exited"),
        ("buyer", "entered"), ("club", "joined"), ("club", "upgraded"),
    }  # fmt: skip


def _stretched(call: dict[str, Any]) -> dict[str, Any]:
    at = START + (datetime.fromisoformat(call["timestamp"]) - START) * SLOWER
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**call, "timestamp": stamp, "receivedAt": stamp}
