"""Looking a key up in a changelog: its partition, and the stretches that are read."""

from pipeline.kafka.changelog_lookup import _LONGEST, _STRETCH, _stretches, partition_of


def test_a_key_is_looked_for_where_producers_put_it() -> None:
    # known values, of the tests of murmur2 in Apache Kafka
    assert partition_of(b"21", 2**31) == -973_932_308 & 0x7FFFFFFF
    assert partition_of(b"foobar", 2**31) == -790_332_482 & 0x7FFFFFFF
    assert partition_of(b"a-little-bit-long-string", 7) == (-985_981_536 & 0x7FFFFFFF) % 7


def test_stretches_cover_a_partition_once_from_its_end() -> None:
    found = list(_stretches(5, 3_000_000))
    assert found[0] == (3_000_000 - _STRETCH, 3_000_000)
    assert [earlier[1] for earlier in found[1:]] == [later[0] for later in found[:-1]]
    assert found[-1][0] == 5
    assert max(stop - start for start, stop in found) == _LONGEST
    assert list(_stretches(5, 5)) == []
    assert list(_stretches(5, 9)) == [(5, 9)]
