"""The auditor: content with what is right, and able to fail. Its topics are made by replay, and then tampered with."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipeline.config.topology import load
from pipeline.replay.run import Replay
from pipeline.replay.source import LineSource
from tests.chaos.auditor import Auditor
from tests.chaos.customer import Customer
from tests.chaos.replay_check import iso, write_history
from tests.chaos.topic_log import (
    ABANDONMENT,
    CLICKSTREAM,
    DEAD_LETTERS,
    DECISIONS,
    POINTS,
    SEGMENTS,
    SHOPPER_EVENTS,
    STATE,
    TIERS,
    Logs,
    Row,
)

REPOSITORY = Path(__file__).parents[2]
START = 1_772_323_200_000
CUSTOMERS = 60


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Logs:
    """All topics as they must be, of one partition; progress moves time to every instant."""
    logs: Logs = defaultdict(list)
    logs[CLICKSTREAM] = _clickstream()
    for row in logs[CLICKSTREAM]:
        try:
            body = json.loads(row.value or b"")
            shopper = body["userId"].encode()
        except (ValueError, KeyError) as error:
            reason = "undecodable" if isinstance(error, ValueError) else "missing_id"
            origin = {"topic": CLICKSTREAM, "partition": "0", "offset": str(row.offset), "reason": reason}
            headers = tuple((name, text.encode()) for name, text in origin.items())
            logs[DEAD_LETTERS].append(Row(0, len(logs[DEAD_LETTERS]), row.timestamp, row.key, row.value, headers))
            continue
        event = {"shopper": body["userId"], "message_id": body["messageId"], "received": row.timestamp}
        # An offset is the instant here, so that what a decision was made by can be told from when.
        logs[SHOPPER_EVENTS].append(Row(0, row.timestamp * 10, row.timestamp, shopper, json.dumps(event).encode()))
        logs[STATE].append(Row(0, row.timestamp * 10, row.timestamp, shopper, b"x"))
    _decide(logs, tmp_path_factory.mktemp("replay"))
    return logs


@pytest.fixture
def logs(right: Logs) -> Logs:
    return deepcopy(right)


def test_what_is_right_passes(right: Logs) -> None:
    auditor = Auditor(right)
    assert auditor.differences == []
    # and it was worth looking at
    for topic in DECISIONS:
        assert auditor.counts[f"decisions in {topic}"] >= CUSTOMERS
    assert auditor.counts["decisions by timers"] > CUSTOMERS
    assert auditor.counts["calls sent twice"] > 0
    assert auditor.counts["dead letters"] > 0
    told = " ".join(json.loads(row.value or b"")["change"] for row in right[ABANDONMENT])
    assert "recovered" in told


@pytest.mark.parametrize("topic", DECISIONS)
def test_a_decision_that_is_missing_is_noticed(logs: Logs, topic: str) -> None:
    taken = _decision(logs[topic].pop(len(logs[topic]) // 2))
    found = Auditor(logs).differences
    assert len(found) == 1 and taken["shopper"] in found[0] and "is missing" in found[0]


@pytest.mark.parametrize("topic", DECISIONS)
def test_a_decision_that_comes_twice_is_noticed(logs: Logs, topic: str) -> None:
    logs[topic].insert(5, logs[topic][4])
    assert _says(logs, "is there 2 times") and _says(logs, "should not be there again")


@pytest.mark.parametrize(
    ("topic", "field", "value"),
    [
        (SEGMENTS, "sequence", 77),
        (SEGMENTS, "effective_at", iso(START - 1)),
        (ABANDONMENT, "stage", 7),
        (ABANDONMENT, "cart", {"items": [], "total": {"amount": 0}}),
        (TIERS, "to", "diamond"),
        (POINTS, "balance", 123_456),
        (POINTS, "cause", {"kind": "event", "message_id": "another"}),
    ],
)
def test_a_decision_that_says_something_else_is_noticed(logs: Logs, topic: str, field: str, value: Any) -> None:
    _change(logs, topic, 9, lambda decision: decision.update({field: value}))
    assert _says(logs, "is missing") and _says(logs, "should not be there")


def test_a_timer_that_fires_early_is_noticed(logs: Logs) -> None:
    timer = _first_timer(logs)
    _change(logs, ABANDONMENT, timer, lambda decision: decision.update({"decided_at": iso(START)}))
    assert _says(logs, "too early")


def test_a_timer_ahead_of_an_event_that_waited_is_noticed(logs: Logs) -> None:
    """The decision itself is right: that it could not be known yet is what is wrong."""
    timer = _first_timer(logs)
    shopper = _decision(logs[ABANDONMENT][timer])["shopper"]
    first = next(row for row in logs[SHOPPER_EVENTS] if row.key == shopper.encode())
    _change(logs, ABANDONMENT, timer, lambda decision: decision["source"].update({"offset": first.offset}))
    assert _says(logs, "fired ahead of an event")


def test_decisions_out_of_the_order_of_their_causes_are_noticed(logs: Logs) -> None:
    logs[POINTS][3], logs[POINTS][40] = logs[POINTS][40], logs[POINTS][3]
    assert _says(logs, "out of order")


def test_an_event_that_is_lost_is_noticed(logs: Logs) -> None:
    del logs[SHOPPER_EVENTS][17]
    assert _says(logs, "is missing")


def test_an_event_that_is_there_twice_is_noticed(logs: Logs) -> None:
    logs[SHOPPER_EVENTS].insert(18, logs[SHOPPER_EVENTS][17])
    assert _says(logs, "should not be there again")


def test_events_of_a_shopper_in_another_order_are_noticed(logs: Logs) -> None:
    key = logs[SHOPPER_EVENTS][0].key
    one, two = [place for place, row in enumerate(logs[SHOPPER_EVENTS]) if row.key == key][:2]
    rows = logs[SHOPPER_EVENTS]
    rows[one], rows[two] = rows[two], rows[one]
    assert _says(logs, "out of order")


def test_an_event_with_another_received_time_is_noticed(logs: Logs) -> None:
    _change(logs, SHOPPER_EVENTS, 3, lambda event: event.update({"received": event["received"] + 1}))
    assert _says(logs, "is missing")


def test_an_event_that_counted_twice_or_not_is_noticed(logs: Logs) -> None:
    """A view that the state had lost would have moved all that follow: as if it had never been sent."""
    views = [place for place, row in enumerate(logs[CLICKSTREAM]) if b"Product Viewed" in (row.value or b"")]
    gone = json.loads(logs[CLICKSTREAM].pop(views[len(views) // 2]).value or b"")
    found = Auditor(logs).differences
    assert any(one.startswith(SEGMENTS) and gone["userId"] in one for one in found)


def test_dead_letters_are_counted(logs: Logs) -> None:
    taken = logs[DEAD_LETTERS].pop()
    assert _says(logs, "is missing")
    logs[DEAD_LETTERS] += [taken, taken]
    assert _says(logs, "there 2 times")
    fine = (("topic", b"clickstream"), ("partition", b"0"), ("offset", b"0"), ("reason", b"undecodable"))
    logs[DEAD_LETTERS][-1] = taken._replace(headers=fine)
    assert _says(logs, "a record that was fine")


def test_a_shopper_without_state_is_noticed(logs: Logs) -> None:
    key = logs[STATE][0].key
    logs[STATE] = [row for row in logs[STATE] if row.key != key]
    assert _says(logs, "the state of")


def test_a_record_in_a_strange_partition_is_noticed(logs: Logs) -> None:
    logs[TIERS][2] = logs[TIERS][2]._replace(partition=1)
    assert _says(logs, "not as in clickstream")


def test_a_gap_in_the_traffic_itself_is_noticed(logs: Logs) -> None:
    del logs[CLICKSTREAM][0]
    assert _says(logs, "not in sequence")


def test_the_auditor_knows_nothing_of_the_engine() -> None:
    program = "import sys, tests.chaos.auditor; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    known = {name.split(".")[0] for name in run.stdout.split()}
    assert not known & {"pipeline", "schemas", "agents"}
    assert "tests.oracle" not in run.stdout.split()


def _clickstream() -> list[Row]:
    """Customers side by side, in virtual time."""
    choose, calls = Random(3), list[tuple[int, bytes, bytes]]()
    for number in range(CUSTOMERS):
        customer, now = Customer(f"s{number}", Random(number)), START + choose.randrange(10_000)
        for wait, act in customer.life():
            now += int(wait * 1000)
            calls += [(now, customer.name.encode(), call) for call in act()]
    calls.sort(key=lambda call: call[0])
    return [Row(0, offset, at, key, value) for offset, (at, key, value) in enumerate(calls)]


def _decide(logs: Logs, folder: Path) -> None:
    write_history(logs, folder / "history.ndjson")
    plan = load(REPOSITORY / "tests" / "chaos" / "topology.yaml", {}).plan()
    end = logs[CLICKSTREAM][-1].timestamp + 60_000
    Replay(plan, folder / "out", until=end, trace=True).run([LineSource(str(folder / "history.ndjson"))])
    for topic in DECISIONS:
        decisions = [json.loads(line) for line in (folder / "out" / f"{topic}.ndjson").read_text().splitlines()]
        for offset, decision in enumerate(sorted(decisions, key=_by_cause)):
            at = round(datetime.fromisoformat(decision["effective_at"]).timestamp() * 1000)
            # A timer fires at progress of its instant, which stands before the records of it.
            place = at * 10 - (1 if decision["cause"]["kind"] == "timer" else 0)
            decision |= {"decided_at": decision["effective_at"], "source": {"partition": 0, "offset": place}}
            logs[topic].append(Row(0, offset, at, decision["shopper"].encode(), json.dumps(decision).encode()))


def _by_cause(decision: dict[str, Any]) -> tuple[str, int]:
    """Timers of an instant, then its records by number: a file has none."""
    message = decision["cause"]["message_id"]
    return decision["effective_at"], int(message.split("/")[1]) if message else 0


def _decision(row: Row) -> dict[str, Any]:
    decision: dict[str, Any] = json.loads(row.value or b"")
    return decision


def _change(logs: Logs, topic: str, place: int, change: Callable[[dict[str, Any]], object]) -> None:
    decision = _decision(logs[topic][place])
    change(decision)
    logs[topic][place] = logs[topic][place]._replace(value=json.dumps(decision).encode())


def _first_timer(logs: Logs) -> int:
    return next(place for place, row in enumerate(logs[ABANDONMENT]) if b'"timer"' in (row.value or b""))


def _says(logs: Logs, what: str) -> bool:
    return any(what in one for one in Auditor(logs).differences)
