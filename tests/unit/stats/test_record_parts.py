"""What a shopper takes: every byte of a record belongs to one part, and the median shopper stays small."""

from itertools import islice
from statistics import median

import pytest

from benchmarks.cluster import FIELD_TIME, REFERENCE
from benchmarks.workload import workload
from pipeline.config.topology import load
from pipeline.domain.definition import Plan
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Shopping
from pipeline.simulator.traffic import Traffic, World
from pipeline.stats.record_parts import FRAME, PARTS, part_sizes
from tests.support.shop_state import CODEC, records_of

MEDIAN = 400

UNUSED = ("first and last", "stage and computed traits", "consent", "messages", "identity")
"""Parts that no rule of the reference topology needs."""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("reference") / "topology.yaml"
    path.write_text(REFERENCE.read_text() + FIELD_TIME)
    return load(path, {}).plan()


def test_every_field_of_the_record_belongs_to_one_part() -> None:
    named = sorted(field for fields in PARTS.values() for field in fields)
    assert named == sorted((set(Shopper.__struct_fields__) | set(Shopping.__struct_fields__)) - {"shopping"})


def test_the_parts_add_up_to_the_record_and_its_frame_is_small(plan: Plan) -> None:
    # given the records of people who look, buy, return and have names
    calls = [each.value for each in islice(Traffic(World(1, 1_767_225_600_000, 2.0, 100)), 3_000)]
    records = records_of(plan, calls)
    parts = [part_sizes(CODEC.decode(value), len(value)) for value in records.values()]
    assert [sum(each.values()) for each in parts] == [len(value) for value in records.values()]
    # then what holds the fields together is a format byte and two array heads
    assert all(0 < each[FRAME] <= 7 for each in parts)
    assert all(max(each[part] for each in parts) > 1 for part in PARTS if part not in UNUSED)


@pytest.mark.parametrize(("shoppers", "each"), [(1_000, False), (5_000, True)], ids=["ten events each", "one each"])
def test_the_median_shopper_of_the_reference_workload_takes_at_most_400_bytes(
    plan: Plan, shoppers: int, each: bool
) -> None:
    """Ten events a shopper is what the benchmarks send: 2,000,000 over 200,000 shoppers. Today 363 and 98 bytes."""
    events = shoppers if each else 10 * shoppers
    records = records_of(plan, (value for _, value in workload(events, shoppers, each=each)))
    assert len(records) > 0.9 * shoppers
    assert median(map(len, records.values())) <= MEDIAN
