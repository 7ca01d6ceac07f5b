"""Metrics: one table, Prometheus' rules, nothing personal."""

import re
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline import __version__
from pipeline.observability.collector_metrics import COLLECTOR
from pipeline.observability.gather import merged_metrics
from pipeline.observability.metric_table import (
    DEFINITIONS,
    CollectorName,
    CounterName,
    GaugeName,
    HistogramName,
)
from pipeline.observability.metrics import Metrics
from pipeline.observability.partition_watch import PartitionWatch, Standing
from pipeline.observability.reference import MARKS, tables
from pipeline.runtime.fold import Counts
from pipeline.runtime.partition import Taken
from pipeline.runtime.ports import Batch, StateStats
from schemas.reference import replaced


def samples(text: bytes) -> dict[tuple[str, ...], float]:
    """(name, label values except the agent's) -> value."""
    return {
        (sample.name, *(value for name, value in sample.labels.items() if name != "agent")): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize("each", (*DEFINITIONS, *COLLECTOR), ids=lambda each: each.name)
def test_names_follow_the_rules(each) -> None:
    assert re.fullmatch(r"afterclick_[a-z][a-z_]*", each.full_name)
    assert each.name.endswith("_total") == (each.kind == "counter")
    assert bool(each.buckets) == (each.kind == "histogram")
    assert each.meaning.endswith(".")
    assert each.unit
    of_workers = {"reason", "remark", "topic", "result", "version", "stage", "partition", "use"}
    of_topologies = {"kind", "change", "message", "channel", "variant", "end", "experiment", "holdout"}
    of_topologies |= {"segment", "programme", "from", "to", "purpose", "after"}
    assert set(each.labels) <= of_workers | of_topologies | {"format", "status"}


def test_the_table_is_complete() -> None:
    kinds = {"counter": CounterName, "gauge": GaugeName, "histogram": HistogramName}
    for kind, names in kinds.items():
        assert [each.name for each in DEFINITIONS if each.kind == kind] == list(get_args(names))
    assert {each.name for each in COLLECTOR} == set(get_args(CollectorName))


def test_the_documentation_holds_the_tables() -> None:
    for page, table in tables().items():
        text = page.read_text(encoding="utf-8")
        assert replaced(text, MARKS, table) == text, "run python -m pipeline.observability.reference"


def test_every_definition_is_exposed_with_help_and_type() -> None:
    text = Metrics("shopper").text().decode()
    for each in DEFINITIONS:
        name = each.full_name.removesuffix("_total") if each.kind != "counter" else each.full_name
        assert f"# TYPE {name} {each.kind}" in text
        assert f"# HELP {name} {each.meaning}" in text
    assert "_created" not in text


def test_a_metric_without_labels_is_there_from_the_start_as_zero() -> None:
    assert samples(Metrics("shopper").text())["afterclick_retries_total",] == 0


def test_the_version_that_runs_is_told() -> None:
    assert samples(Metrics("shopper").text())["afterclick_build_info", __version__] == 1


def test_two_registries_do_not_know_each_other() -> None:
    one, other = Metrics("intake"), Metrics("intake")
    one.add("events_total", 5)
    assert samples(one.text())["afterclick_events_total",] == 5
    assert samples(other.text())["afterclick_events_total",] == 0


def test_a_round_is_counted() -> None:
    metrics = Metrics("shopper")
    counts = Counts(
        records=110,
        events=100,
        progress=9,
        raised=2,
        duplicates=1,
        timers=3,
        first_due=98_500,
        shoppers=40,
        swept=4,
        hits=30,
        misses=10,
        dead={"late": 1},
        decisions={"segment-changes": 7, "loyalty-points": 2},
        kinds={
            ("message-suppressions", ("reminder", "cap", None)): 3,
            ("message-suppressions", ("reminder", "cap", 9_000)): 1,
            ("message-suppressions", ("reminder", "cap", 9_001)): 1,
            ("segment-changes", ("engaged", "entered")): 2,
        },
        remarks={"unknown_currency": 4},
    )
    watch = PartitionWatch(metrics, clock=lambda: 100.0)
    for _ in range(2):
        watch.taken(3, Batch("shopper-events", 3, 0, ()), Taken(True, 110, 0, counts), 0.02)
    seen = samples(metrics.text())
    assert seen["afterclick_rounds_total",] == 2
    assert seen["afterclick_records_total",] == 220
    assert seen["afterclick_events_total",] == 200
    assert seen["afterclick_progress_records_total",] == 18
    assert seen["afterclick_raised_total",] == 4
    assert seen["afterclick_duplicates_total",] == 2
    assert seen["afterclick_timers_fired_total",] == 6
    assert seen["afterclick_shoppers_written_total",] == 80
    assert seen["afterclick_shoppers_swept_total",] == 8
    assert seen["afterclick_record_cache_total", "hit"] == 60
    assert seen["afterclick_record_cache_total", "miss"] == 20
    assert seen["afterclick_dead_letters_total", "late"] == 2
    assert seen["afterclick_decisions_total", "segment-changes"] == 14
    assert seen["afterclick_decisions_total", "loyalty-points"] == 4
    assert seen["afterclick_message_suppressions_total", "ended", "reminder", "cap"] == 6
    assert seen["afterclick_message_suppressions_total", "deferred", "reminder", "cap"] == 4
    assert seen["afterclick_segment_changes_total", "entered", "engaged"] == 4
    assert seen["afterclick_remarks_total", "unknown_currency"] == 8
    assert seen["afterclick_round_seconds_count",] == 2
    assert seen["afterclick_round_seconds_sum",] == pytest.approx(0.04)
    assert seen["afterclick_timer_lateness_seconds_count",] == 2
    assert seen["afterclick_timer_lateness_seconds_sum",] == pytest.approx(3.0)


def test_rounds_without_timers_say_nothing_of_lateness() -> None:
    metrics = Metrics("shopper")
    PartitionWatch(metrics).taken(3, Batch("shopper-events", 3, 0, ()), Taken(True, 110, 0, Counts(records=1)), 0.02)
    assert samples(metrics.text())["afterclick_timer_lateness_seconds_count",] == 0


def test_the_room_on_the_disk_is_told(tmp_path: Path) -> None:
    metrics = Metrics("shopper")
    PartitionWatch(metrics).follow_disk(tmp_path)
    seen = samples(metrics.text())
    assert 0 < seen["afterclick_disk_free_bytes",] <= seen["afterclick_disk_size_bytes",]


class Restored:
    records = 1_000
    seconds = 0.25


def test_a_partitions_life_is_counted() -> None:
    metrics = Metrics("shopper")
    watch = PartitionWatch(metrics)
    watch.restoring(1, 400, 600)
    assert samples(metrics.text())["afterclick_restore_left_records", "1"] == 600
    watch.restored(1, Restored())
    watch.discarded(1, "StateCorrupt")
    watch.queue_full()
    watch.retried(1)
    watch.refused(1)
    watch.fenced(1)
    watch.rebalanced()
    seen = samples(metrics.text())
    assert seen["afterclick_restore_left_records", "1"] == 0
    assert seen["afterclick_restore_records_total",] == 1_000
    assert seen["afterclick_restore_seconds_count",] == 1
    assert seen["afterclick_state_discarded_total", "StateCorrupt"] == 1
    for name in ("send_buffer_full", "retries", "discontinuities", "fenced", "rebalances"):
        assert seen[f"afterclick_{name}_total",] == 1


def test_partitions_that_went_away_are_not_shown_any_more() -> None:
    metrics = Metrics("shopper")
    standings = [
        Standing(0, "processing", next_offset=500, lag=7, time=90_000, store=StateStats(10, 2_000, 300), sweeping=True),
        Standing(1, "restoring"),
    ]
    PartitionWatch(metrics, clock=lambda: 100.0).follow(lambda: standings)

    seen = samples(metrics.text())
    assert seen["afterclick_partitions", "processing"] == 1
    assert seen["afterclick_partitions", "restoring"] == 1
    assert seen["afterclick_next_offset", "0"] == 500
    assert seen["afterclick_source_lag_records", "0"] == 7
    assert seen["afterclick_partition_time_lag_seconds", "0"] == 10
    assert seen["afterclick_state_keys", "0"] == 10
    assert seen["afterclick_state_disk_bytes", "0"] == 2_000
    assert seen["afterclick_sweeping", "0"] == 1
    assert ("afterclick_next_offset", "1") not in seen

    standings.clear()
    seen = samples(metrics.text())
    assert not [key for key in seen if key[0] in ("afterclick_next_offset", "afterclick_partitions")]


def test_a_probe_that_fails_takes_nothing_else_away() -> None:
    metrics = Metrics("shopper")
    metrics.add("events_total", 1)

    def broken() -> None:
        raise RuntimeError("closed meanwhile")

    metrics.probe(broken)
    assert samples(metrics.text())["afterclick_events_total",] == 1


def test_two_agents_become_one_exposition() -> None:
    intake, shopper = Metrics("intake"), Metrics("shopper")
    intake.add("events_total", 3)
    shopper.add("events_total", 2)
    shopper.observe("round_seconds", 0.02)
    text = merged_metrics([intake.text().decode(), shopper.text().decode()]).decode()
    assert text.count("# TYPE afterclick_events_total counter") == 1
    assert 'afterclick_events_total{agent="intake"} 3.0' in text
    assert 'afterclick_events_total{agent="shopper"} 2.0' in text
    assert 'afterclick_round_seconds_bucket{agent="shopper",le="0.025"} 1.0' in text
    assert text.count("# TYPE afterclick_round_seconds histogram") == 1
