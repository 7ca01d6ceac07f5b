"""Definitions that came late, and the history that workers had not kept: `afterclick backfill` gives it to them, while
they work, and they say what they would have said from the beginning."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.support.kafka_reader import decisions
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import WorkerProcess, afterclick, eventually

pytestmark = pytest.mark.embedded

PARTITIONS = 4
TAKEN_IN = "A backfill is taken in."

# A process that takes grafts in slices of three, and dies within the fourth.
MORTAL = """\
import os
from pipeline.kafka import graft_reader
from pipeline.runtime.partition import PartitionProcessor
graft_reader.SLICE = 3
slices, graft = [], PartitionProcessor.graft
def dying(self, records):
    slices.append(len(records))
    if len(slices) == 4:
        self._at = lambda step: step == "{step}" and os._exit(9)
    return graft(self, records)
PartitionProcessor.graft = dying
"""
NEW = """\
  lookers: {when: {count: {of: Product Viewed, at_least: 22}}}
  spenders: {when: {sum: {of: Order Completed, property: total, at_least: 250}}}
  shoe-lovers: {when: {computed: {name: favourite, is: shoes}}}
  adders: {when: {sequence: {steps: [{of: Product Viewed}, {of: Product Added}], within: 2h, same: [product_id]}}}
abandonment:
"""
TRAITS = """\
traits:
  favourite: {most_frequent: {of: Product Viewed, property: category}}
"""


def members(told: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for one in told:
        if one["topic"] == "segment-changes":
            place = one["segment"], one["shopper"]
            if place not in latest or latest[place]["sequence"] < one["sequence"]:
                latest[place] = one
    return {place for place, one in latest.items() if one["change"] == "entered"}


def traits(told: Iterable[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for one in told:
        if one["topic"] == "trait-changes":
            place = one["trait"], one["shopper"]
            if place not in latest or latest[place]["sequence"] < one["sequence"]:
                latest[place] = one
    return {place: one["after"] for place, one in latest.items() if one["after"] is not None}


def backfill(live: LiveRun, *flags: str) -> str:
    run = afterclick("backfill", "--topology", live.topology, "--brokers", live.brokers, *flags)
    assert run.returncode == 0, run.stderr
    return run.stdout


def explained(live: LiveRun, shopper: str) -> str:
    run = afterclick("explain", shopper, "lookers", "--topology", live.topology, "--brokers", live.brokers)
    assert run.returncode == 0, run.stderr
    return run.stdout


def change_topology(live: LiveRun) -> None:
    text = live.topology.read_text()
    live.topology.write_text(text.replace("abandonment:\n", NEW) + TRAITS)


def late(live: LiveRun) -> tuple[WorkerProcess, list[dict[str, Any]]]:
    """A shop under one topology, and then under one that asks for more, as far as both have come."""
    calls = history(1_800, shoppers=60)
    kept = {"loyalty-points", "abandonment-triggers"}
    live.send(calls[:1_200])
    first = live.worker("a")
    live.assert_decides_as(live.replayed(calls[:1_200]))
    assert first.stop() == 0
    change_topology(live)
    second = live.worker("b")
    live.send(calls[1_200:])
    (live.folder / "replayed").rename(live.folder / "replayed before")
    wanted = live.replayed(calls)
    ids = {one["id"] for one in wanted if one["topic"] in kept}
    eventually("all is taken", lambda: ids <= {one["id"] for one in decisions(live.brokers)})
    return second, wanted


def test_definitions_that_came_late_say_what_they_would_have_said_from_the_beginning(live: LiveRun) -> None:
    worker, wanted = late(live)
    before = decisions(live.brokers)
    assert members(before) != members(wanted)
    # a dry run says what would change, and changes nothing
    dry = backfill(live, "--dry-run")
    entering = {segment for segment, _ in members(wanted) - members(before)}
    assert entering and all(f"would enter {segment}" in dry for segment in entering)
    assert "Nothing was written." in dry
    # and until then a segment is explained with what it does not know
    shopper = next(shopper for segment, shopper in members(wanted) if segment == "lookers")
    assert "It knows what came from" in explained(live, shopper)
    # a run gives the history, and the worker takes it in
    done = backfill(live)
    assert done.count("written, from") == PARTITIONS and "segment lookers" in done
    eventually("all of it is taken in", lambda: worker.text().count(TAKEN_IN) == PARTITIONS)
    after = decisions(live.brokers)
    assert members(after) == members(wanted)
    assert traits(after) == traits(wanted)
    known = {one["id"] for one in before}
    new = [one for one in after if one["id"] not in known]
    assert all(one["silent"] and one["cause"]["kind"] == "backfill" for one in new)
    assert len({one["id"] for one in after}) == len(after)
    # a second run finds nothing left to do, and nothing is unknown any more
    assert "It knows what came from" not in explained(live, shopper)
    assert backfill(live).count("nothing is missing") == PARTITIONS
    assert worker.stop() == 0


def test_files_give_the_history_of_before_what_is_retained(live: LiveRun) -> None:
    # given a shop whose topics begin in the middle of its history, and the part before them as a file
    calls = history(1_800, shoppers=60)
    older = live.folder / "older.ndjson"
    older.write_bytes(b"".join(value + b"\n" for _, value in calls[:600]))
    live.send(calls[600:1_200])
    first = live.worker("a")
    live.assert_decides_as(live.replayed(calls[600:1_200]))
    assert first.stop() == 0
    change_topology(live)
    second = live.worker("b")
    live.send(calls[1_200:])
    (live.folder / "replayed").rename(live.folder / "replayed before")
    ids = {one["id"] for one in live.replayed(calls[600:]) if one["topic"] == "loyalty-points"}
    eventually("all is taken", lambda: ids <= {one["id"] for one in decisions(live.brokers)})
    (live.folder / "replayed").rename(live.folder / "replayed without the file")
    # when the file is given to the backfill
    wanted = of_new_segments(live.replayed(calls))
    assert of_new_segments(decisions(live.brokers)) != wanted
    dry = backfill(live, "--input", str(older), "--dry-run")
    assert "Nothing was written." in dry
    assert backfill(live, "--input", str(older)).count("written, from") == PARTITIONS
    # then the new definitions say what they would have said, had they seen all of it
    eventually("all of it is taken in", lambda: second.text().count(TAKEN_IN) == PARTITIONS)
    assert of_new_segments(decisions(live.brokers)) == wanted
    assert second.stop() == 0


def of_new_segments(told: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    return {place for place in members(told) if place[0] in ("lookers", "spenders", "shoe-lovers", "adders")}


def test_a_worker_that_is_killed_on_the_way_takes_each_graft_in_once(live: LiveRun) -> None:
    worker, wanted = late(live)
    assert worker.stop() == 0
    # when nobody is there to take it in, a second run sees that it is written
    assert backfill(live).count("written, from") == PARTITIONS
    assert backfill(live).count("its worker has yet to take it in") == PARTITIONS
    # and those that come die on the way, before a slice is committed, and before it is on the disk
    for step in ("before commit", "after commit"):
        mortal = live.worker("mortal", agent="shopper", prelude=MORTAL.format(step=step))
        assert mortal.process.wait(60) == 9
    last = live.worker("e")
    eventually("all of it is taken in", lambda: backfill(live).count("nothing is missing") == PARTITIONS)
    after = decisions(live.brokers)
    assert members(after) == members(wanted)
    assert traits(after) == traits(wanted)
    assert len({one["id"] for one in after}) == len(after)
    assert last.stop() == 0
