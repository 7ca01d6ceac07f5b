"""A sizing follows from its figures: by hand for one shop, by rules for all."""

from math import ceil

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sizing.demand import Demand, DemandError, parse_number
from pipeline.sizing.measured import Measured, at, measured
from pipeline.sizing.plan import GIB, MIB, partitions_for, size
from pipeline.sizing.price import Prices, monthly

# Round figures: an event takes 100 us, nothing grows but by what the names say.
ROUND = Measured(
    event_us=100,
    shopper_us=60,
    event_partitions=4,
    event_shoppers=400_000,
    event_rules=10,
    course_partitions_us={"1": 10, "4": 20, "16": 40},
    course_shoppers_us={"100000": 5, "10000000": 25},
    course_rules_us={"10": 1, "1000": 11},
    course_partitions_mib={"4": 400, "16": 900},
    worker_mib=800,
    memory_partitions=4,
    record_bytes=100,
    disk_bytes=90,
    shopper_events_bytes=300,
    decisions_per_event=0.5,
    decision_bytes=400,
    changelog_record_bytes=150,
    restore_per_second=200_000,
    sweep_per_second=20_000,
    failover_seconds=7,
    failover_timeout_seconds=6,
)
SHOP = Demand(events_per_day=86_400_000, shoppers=800_000, peak=4, rules=10)


def test_a_shop_reckoned_by_hand() -> None:
    # given 1,000 events/s, 4,000 at the peak, and 800,000 shoppers
    found = size(SHOP, ROUND)
    # then some 0.4 cores are busy, and two workers are the least there are
    assert found.workers == 2
    assert found.partitions == 4
    # two partitions each: half way between 10 and 20 of the course, over the 20 of four
    assert found.event_us == pytest.approx(100 * 15 / 20 + at(ROUND.course_shoppers_us, 200_000) - 5)
    assert found.progress_rate == 4 * 4 * 2
    assert found.busy == pytest.approx((4_000 * found.event_us + 32 * 60) / 1e6 / 2)
    # two owned and two followed are the four that were measured
    assert found.worker_memory == ceil(800 * 1.3 / 256) * 256 * MIB
    assert found.worker_disk == 400_000 * 2 * 90 * 2
    assert found.kafka_rate == 4_000 * (1_000 + 1_000 + 200 + 150)
    assert found.kafka_bytes == 3 * (7 * 86_400_000 * 2_200 + 800_000 * 150 * 2)
    assert (found.restore, found.sweep, found.failover) == (2, 20, 1)


def test_ten_times_the_events_take_more_workers_and_partitions_for_twice_as_many() -> None:
    found = size(msgspec.structs.replace(SHOP, events_per_day=SHOP.events_per_day * 10), ROUND)
    assert found.workers == 6
    assert found.partitions == 12
    assert found.busy <= 0.6


def test_what_is_said_of_ones_own_takes_the_place_of_what_was_measured() -> None:
    larger = size(msgspec.structs.replace(SHOP, record_bytes=1_000), ROUND)
    assert larger.worker_disk == 10 * size(SHOP, ROUND).worker_disk
    dearer = size(msgspec.structs.replace(SHOP, event_us=1_000), ROUND)
    assert dearer.event_us == pytest.approx(
        1_000 * at(ROUND.course_partitions_us, dearer.partitions / dearer.workers) / 20
        + max(0, at(ROUND.course_shoppers_us, 800_000 / dearer.partitions) - 5)
    )
    assert size(msgspec.structs.replace(SHOP, rules=1_000), ROUND).event_us > size(SHOP, ROUND).event_us


def test_standbys_cost_disk_and_memory_and_longer_ticks_save_progress() -> None:
    alone = size(msgspec.structs.replace(SHOP, standbys=0), ROUND)
    assert alone.worker_disk * 2 == size(SHOP, ROUND).worker_disk
    # of two workers only the other one can follow
    assert size(msgspec.structs.replace(SHOP, standbys=7), ROUND) == size(SHOP, ROUND)
    many = msgspec.structs.replace(SHOP, events_per_day=SHOP.events_per_day * 10)
    followed = size(msgspec.structs.replace(many, standbys=5), ROUND)
    assert followed.worker_disk == pytest.approx(3 * size(many, ROUND).worker_disk, rel=1e-6)
    assert followed.worker_memory > size(many, ROUND).worker_memory
    assert size(msgspec.structs.replace(SHOP, tick_ms=2_000), ROUND).progress_rate == 8


@pytest.mark.parametrize(("value", "figure"), [(1, 10), (2, 15), (4, 20), (8, 30), (16, 40), (0.1, 10), (1_000, 40)])
def test_a_course_is_straight_between_points_and_flat_beyond(value: float, figure: float) -> None:
    assert at(ROUND.course_partitions_us, value) == pytest.approx(figure)


@pytest.mark.parametrize(("workers", "partitions"), [(1, 4), (2, 4), (3, 6), (4, 8), (5, 12), (9, 24), (100, 256)])
def test_partitions_are_numbers_that_many_workers_share_evenly(workers: int, partitions: int) -> None:
    assert partitions_for(workers, 2) == partitions


@settings(max_examples=60, deadline=None)
@given(
    events=st.integers(1, 10**11),
    shoppers=st.integers(1, 10**9),
    rules=st.integers(1, 5_000),
    standbys=st.integers(0, 3),
    growth=st.floats(1, 4),
)
def test_every_sizing_bears_its_peak_and_more_never_needs_less(
    events: int, shoppers: int, rules: int, standbys: int, growth: float
) -> None:
    demand = Demand(events, shoppers, rules=rules, standbys=standbys, growth=growth, tick_ms=2_000)
    figures = measured()
    found = size(demand, figures)
    assert found.busy <= demand.utilisation
    assert found.workers >= 2
    assert found.partitions >= min(4_096, found.workers)
    assert found.workers * found.worker_disk >= shoppers * figures.disk_bytes * (1 + min(standbys, found.workers - 1))
    more = size(msgspec.structs.replace(demand, events_per_day=events * 2), figures)
    assert more.workers >= found.workers
    assert more.kafka_rate >= found.kafka_rate


def test_what_no_topology_bears_is_refused() -> None:
    with pytest.raises(DemandError, match="topologies of their own"):
        size(Demand(events_per_day=10**14, shoppers=1), measured())


def test_costs_are_those_of_all_workers_at_the_given_prices() -> None:
    found = size(SHOP, ROUND)
    costs = monthly(found, Prices(core=25, memory=4, disk=0.1, kafka=0.05))
    assert costs["cores"] == 50
    assert costs["memory"] == pytest.approx(2 * 1.25 * 4)
    assert costs["disk"] == pytest.approx(2 * found.worker_disk / GIB * 0.1)
    assert costs["kafka_disk"] == pytest.approx(found.kafka_bytes / GIB * 0.05)
    assert not Prices().given


@pytest.mark.parametrize(
    ("text", "number"),
    [("100M", 100_000_000), ("2.5k", 2_500), ("1B", 10**9), ("1,000", 1_000), ("7", 7), ("3G", 3 * 10**9)],
)
def test_numbers_are_written_as_people_write_them(text: str, number: int) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["", "-5", "ten", "5T", "1e6", "M"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(DemandError, match="write it as"):
        parse_number(text)


@pytest.mark.parametrize(
    "wrong",
    [{"peak": 0.5}, {"rules": 0}, {"utilisation": 0}, {"utilisation": 1.5}, {"growth": 0.9}, {"record_bytes": 0},
     {"event_us": -1}, {"replication": 0}, {"tick_ms": 0}, {"standbys": -1}],
)  # fmt: skip
def test_a_demand_that_cannot_be_is_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(DemandError, match=next(iter(wrong)).replace("_", " ")):
        Demand(1, 1, **wrong)  # type: ignore[arg-type]
