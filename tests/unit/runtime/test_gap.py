"""The account of what a partition's state lacks, through changes of the topology."""

from random import Random

from pipeline.runtime.gap import MOST, RESTS, Gap, changed, filled, given_up, pack, unpack


def gap(pieces: set[int], begin: int, end: int, at: int = 0) -> Gap:
    return Gap(pack(pieces), begin, end, at)


def test_a_packed_set_is_the_set_in_four_bytes_each_whatever_its_order() -> None:
    assert pack([7, 2**32 - 1, 1]) == bytes([0, 0, 0, 1, 0, 0, 0, 7, 255, 255, 255, 255])
    assert unpack(pack({7, 2**32 - 1, 1})) == {1, 7, 2**32 - 1}


def test_what_begins_lacks_all_before_and_what_comes_back_what_came_in_between() -> None:
    first = changed((), {1, 2}, {2, 3}, 100, 5_000)
    assert set(first) == {gap({3}, 0, 100, 5_000), gap({1}, 100, 0, 5_000)}
    second = changed(first, {2, 3}, {1, 2}, 150, 6_000)
    assert set(second) == {gap({3}, 0, 100, 5_000), gap({1}, 100, 150, 6_000), gap({3}, 150, 0, 6_000)}


def test_what_comes_back_after_long_is_not_filled_as_some_records_have_let_go_of_it() -> None:
    first = changed((), {1}, {2}, 100, 5_000)
    second = changed(first, {2}, {1}, 150, 5_000 + RESTS)
    assert gap({1}, 150, 150, 5_000 + RESTS) in second


def test_no_gap_is_left_where_no_record_was_in_between() -> None:
    once = changed((), {1}, {2}, 100, 5_000)
    assert gap({1}, 100, 0, 5_000) in once
    assert {piece for one in changed(once, {2}, {1}, 100, 5_000) if one.end for piece in unpack(one.pieces)} == {2}
    assert changed((), set(), {1}, 0, 0) == ()


def test_what_is_filled_is_gone_or_as_far_as_it_was_retained() -> None:
    whole = gap({1, 2}, 0, 100, 5_000)
    assert filled(whole, {1}, 0, 0) == (gap({2}, 0, 100, 5_000),)
    assert set(filled(whole, {1, 2}, 40, 3_000)) == {gap({1, 2}, 0, 40, 3_000)}
    assert set(given_up(whole, {2})) == {gap({1}, 0, 100, 5_000), gap({2}, 100, 100, 5_000)}


def test_however_often_a_topology_changes_the_account_is_bounded_and_never_says_too_much() -> None:
    random = Random(3)
    gaps: tuple[Gap, ...] = ()
    kept = {1}
    missed: dict[int, set[int]] = {piece: set() for piece in range(40)}
    for offset in range(1, 400):
        for piece in set(missed) - kept:
            missed[piece].add(offset - 1)
        after = {piece for piece in missed if random.random() < 0.5}
        gaps, kept = changed(gaps, kept, after, offset, offset), after
        assert len(gaps) <= MOST
        for one in gaps:
            for piece in unpack(one.pieces) if one.end else ():
                assert set(range(one.begin, one.end)) <= missed[piece]
