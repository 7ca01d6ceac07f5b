"""The live view, drawn as text."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.config.topology import load, parse
from pipeline.demo.cast import Cast, cast_of
from pipeline.demo.screen import Screen, Vitals
from pipeline.demo.tally import Tally
from pipeline.demo.ticker import Headline, Ticker
from pipeline.domain.decision import ABANDONMENT_TRIGGERS, LOYALTY_TIERS, SEGMENT_CHANGES
from tests.unit.demo.sample import segment, tier, trigger

NOON = 1_767_441_600_000
DEMO_SHOP = Path(__file__).parents[3] / "topology.yaml"


@pytest.fixture(scope="module")
def cast() -> Cast:
    return cast_of(load(DEMO_SHOP, {}))


def busy() -> tuple[Tally, Ticker]:
    tally, ticker = Tally(), Ticker(pace=100)
    for number in range(1_234):
        tally.see_event(f"u-{number % 318}", NOON)
    for _ in range(12):
        tally.see_decision(SEGMENT_CHANGES, segment("entered"))
    tally.see_decision(ABANDONMENT_TRIGGERS, trigger("abandoned"))
    tally.see_decision(ABANDONMENT_TRIGGERS, trigger("recovered"))
    tally.see_decision(LOYALTY_TIERS, tier("joined", None, "gold"))
    tally.see_dead_letter("undecodable")
    for number in range(50):
        ticker.offer(Headline(f"sort {number:02}", NOON, f"u-{number} entered engaged"))
    ticker.advance(1)
    return tally, ticker


def drawn(cast: Cast, tally: Tally, ticker: Ticker, vitals: Vitals, width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, record=True, file=StringIO())
    console.print(Screen(cast).draw(tally, ticker, vitals, height), height=height)
    return console.export_text().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (160, 50)])
def test_all_there_is_can_be_read_at_any_usual_size(cast: Cast, width: int, height: int) -> None:
    lines = drawn(cast, *busy(), Vitals(rate=52.3, lag=7, foot="Ctrl-C ends it all."), width, height)
    text = "\n".join(lines)

    assert len(lines) == height
    assert max(map(len, lines)) <= width
    for told in ("52 events/s", "1,234 events", "318 shoppers", "15 decisions", "7 lag", "1 dead letters", "84.50 EUR"):
        assert told in text
    for name in (*cast.segments, *cast.kinds, *cast.tiers["club"]):
        assert name in text
    assert "Saturday, 03 January 2026  13:00" in text, "the shop's time, Europe/Berlin"
    assert "u-49 entered engaged" in lines[-3], "the latest decision stands last"
    assert "Ctrl-C ends it all." in lines[-1]


def test_more_room_shows_more_decisions(cast: Cast) -> None:
    small = drawn(cast, *busy(), Vitals(), 80, 24)
    large = drawn(cast, *busy(), Vitals(), 80, 40)

    def decisions(lines: list[str]) -> int:
        return sum("entered engaged" in line for line in lines)

    assert decisions(small) >= 5
    assert decisions(large) == decisions(small) + 16


def test_before_anything_came_it_stands_already(cast: Cast) -> None:
    text = "\n".join(drawn(cast, Tally(), Ticker(), Vitals(), 80, 24))

    assert "0 events" in text
    assert "? lag" in text


def test_a_topology_of_segments_alone_is_drawn() -> None:
    topology = parse("version: 1\nname: shop\nsegments: {buyers: {when: {orders: {at_least: 1}}}}\n", {})

    text = "\n".join(drawn(cast_of(topology), Tally(), Ticker(), Vitals(), 80, 24))

    assert "buyers" in text


def test_more_rules_than_room_leave_room_for_decisions() -> None:
    rules = "".join(f"  s{number}: {{when: {{orders: {{at_least: {number}}}}}}}\n" for number in range(1, 60))
    cast = cast_of(parse(f"version: 1\nname: shop\nsegments:\n{rules}", {}))

    lines = drawn(cast, *busy(), Vitals(), 80, 24)

    assert len(lines) == 24
    assert sum("entered engaged" in line for line in lines) >= 5


@pytest.mark.parametrize("height", [1, 3, 8, 12])
def test_a_terminal_that_is_too_small_is_told_so(cast: Cast, height: int) -> None:
    lines = drawn(cast, *busy(), Vitals(), 80, height)

    assert "This terminal is too small; 80 columns and 24 lines will do." in lines
