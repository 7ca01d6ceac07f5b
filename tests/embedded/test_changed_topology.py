"""A worker that starts with a changed topology sweeps all shoppers, without an event, once."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.support.kafka_reader import decisions
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually

pytestmark = pytest.mark.embedded

SWEPT = "All shoppers are under the present topology."
ENGAGED = "  engaged: {when: {count: {of: Product Viewed, at_least: 3, within: 1h}}}\n"
SPENDERS = "  spenders: {when: {spend: {within: 2d, at_least: 100}}}\n"


def test_all_shoppers_are_looked_at_again_without_an_event_and_once(live: LiveRun) -> None:
    # given a shop with members of two segments
    calls = history(1_500, shoppers=120)
    live.send(calls)
    first = live.worker("a")
    live.assert_decides_as(live.replayed(calls))
    before = decisions(live.brokers)
    assert first.stop() == 0
    assert SWEPT not in first.text()
    # when one segment asks for more, one is new, one is gone, and a worker starts
    text = live.topology.read_text()
    changed = text.replace("within: 2d, at_least: 1", "within: 2d, at_least: 2").replace(ENGAGED, SPENDERS)
    live.topology.write_text(changed)
    (live.folder / "replayed").rename(live.folder / "replayed before")
    wanted = live.replayed(calls)
    second = live.worker("b")
    eventually("all partitions are swept", lambda: second.text().count(SWEPT) == 4)
    # then memberships are what the new topology makes of the history
    after = decisions(live.brokers)
    for segment in ("buyers", "spenders"):
        assert members(after, segment) == members(wanted, segment) != set()
    assert members(before, "engaged") and members(after, "engaged") == set()
    # and what was said for it is the difference, silently
    told = [one for one in after if one["id"] not in {each["id"] for each in before}]
    assert all(one["silent"] and one["cause"]["kind"] == "definition_change" for one in told)
    for segment, change in (("buyers", "exited"), ("engaged", "exited"), ("spenders", "entered")):
        moved = members(before, segment) ^ members(after, segment)
        assert [one["shopper"] for one in by_shopper(told, segment, change)] == sorted(moved)
    # and a further start, without its disk, sweeps nothing: by the time that it decides of an event it would have
    assert second.stop() == 0
    third = live.worker("c")
    live.send(history(1_600, shoppers=120)[1_500:])
    eventually("it decides", lambda: len(decisions(live.brokers)) > len(after))
    assert third.stop() == 0
    assert SWEPT not in third.text()
    new = [one for one in decisions(live.brokers) if one["id"] not in {each["id"] for each in after}]
    assert not [one for one in new if one["silent"] or one["cause"]["kind"] == "definition_change"]


def by_shopper(told: Iterable[dict[str, Any]], segment: str, change: str) -> list[dict[str, Any]]:
    found = [one for one in told if one["topic"] == "segment-changes" and one["segment"] == segment]
    assert {one["change"] for one in found} == {change}
    return sorted(found, key=lambda one: str(one["shopper"]))


def members(told: Iterable[dict[str, Any]], segment: str) -> set[str]:
    latest: dict[str, dict[str, Any]] = {}
    for one in told:
        if one["topic"] == "segment-changes" and one["segment"] == segment:
            known = latest.get(one["shopper"])
            if known is None or known["sequence"] < one["sequence"]:
                latest[one["shopper"]] = one
    return {shopper for shopper, one in latest.items() if one["change"] == "entered"}
