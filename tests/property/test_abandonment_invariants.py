"""What holds of abandonment whatever the shop and the shopper: no stage after an order, nothing taken back that was not
said, and nothing said of an instance after its end. Of random shops, the engine alone."""

import os
from collections import defaultdict
from functools import cache
from typing import Any

import pytest

from tests.oracle.engine_run import run
from tests.oracle.history import Record, read
from tests.oracle.random_abandonment import abandonment_case
from tests.oracle.trial import UNTIL, zoned
from tests.oracle.values import instant

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "60"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))

Line = dict[str, Any]


@cache
def told(seed: int) -> tuple[list[Line], dict[str, list[Record]]]:
    """All lines in order of their instants, and the orders of each shopper that ended something, in received order."""
    topology, events = abandonment_case(seed)
    lines = run(events, topology, UNTIL).topics["abandonment-triggers"]
    orders: dict[str, list[Record]] = defaultdict(list)
    known: set[tuple[str, str]] = set()
    for record in read(events, zoned(topology), None)[0]:
        key = record.shopper, record.order_id or record.message_id
        if record.name == "Order Completed" and key not in known:
            known.add(key)
            if not record.late_triggers:
                orders[record.shopper].append(record)
    return lines, orders


def stages(lines: list[Line]) -> dict[tuple[str, str], list[Line]]:
    """By shopper and instance, the stages sent, in order."""
    found: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        if line["change"] == "abandoned":
            found[line["shopper"], line["instance"]].append(line)
    return found


def at(line: Line) -> int:
    return instant(line["effective_at"]) or 0


seeds = pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))


@seeds
def test_no_stage_after_an_order_that_matches(seed: int) -> None:
    lines, orders = told(seed)
    for (shopper, _), sent in stages(lines).items():
        since, first, last = instant(sent[0]["abandoned_since"]) or 0, at(sent[0]), at(sent[-1])
        for order in orders[shopper]:
            # An order ends all that is open: what is told after it was left behind after it.
            assert order.received >= first or order.time <= since
            assert not first < order.received < last


@seeds
def test_what_is_taken_back_was_said_before_and_is_taken_back_once(seed: int) -> None:
    lines, orders = told(seed)
    sent = {line["id"]: line for line in lines if line["change"] == "abandoned"}
    taken: set[str] = set()
    for line in lines:
        assert bool(line["retracts"]) == (line["change"] == "retracted")
        for stage in line["retracts"]:
            (order,) = (one for one in orders[line["shopper"]] if line["order_id"] in (one.order_id, one.message_id))
            assert stage in sent and order.time <= at(sent[stage]) <= at(line)
            assert (sent[stage]["shopper"], sent[stage]["instance"]) == (line["shopper"], line["instance"])
            assert stage not in taken
            taken.add(stage)


@seeds
def test_stages_come_in_order_and_none_after_the_end(seed: int) -> None:
    lines, _ = told(seed)
    ended = {(line["shopper"], line["instance"]): at(line) for line in lines if line["change"] != "abandoned"}
    for instance, sent in stages(lines).items():
        assert [line["stage"] for line in sent] == list(range(1, len(sent) + 1))
        assert len(sent) <= sent[0]["of"]
        assert at(sent[-1]) <= ended.get(instance, at(sent[-1]))
