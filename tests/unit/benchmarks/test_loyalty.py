"""What the benchmark of loyalty measures: the full club of the language's page, and lots that all expire."""

from benchmarks.loyalty import year_end
from benchmarks.members import with_club
from pipeline.config.topology import parse


def test_the_full_club_is_in_place_of_the_plain_one() -> None:
    (club,) = parse(with_club(), {}).plan().programmes
    assert (club.name, len(club.earn), len(club.levels)) == ("club", 5, 3)


def test_every_lot_of_a_year_end_expires() -> None:
    assert 0 < float(str(year_end(50, rate=10)["year_end_seconds"])) < 10
