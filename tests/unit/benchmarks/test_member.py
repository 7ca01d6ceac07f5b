"""What the benchmark of a member of very many orders measures, and what it is to show."""

from benchmarks.member import lifetime


def test_beyond_a_year_a_member_s_record_grows_by_packed_orders_alone() -> None:
    (_, few, _), (_, many, _) = lifetime("club", (420, 630))
    assert many["bytes_orders"] - few["bytes_orders"] < 210 * 13
    assert abs(many["bytes_loyalty"] - few["bytes_loyalty"]) < 2_000
    assert many["bytes"] < 17_500
