"""`afterclick sizing`, and that it rests on what was measured."""

import json

import pytest
from typer.testing import CliRunner, Result

from benchmarks.sizing import COPY, PAGE, SHOPS, collected, page_of, text_of
from pipeline.cli import app
from pipeline.sizing.measured import measured
from pipeline.sizing.plan import size

SHOP = ("--events-per-day", "100M", "--shoppers", "5M")


def sizing(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sizing", *arguments])


def test_the_package_has_the_figures_of_the_benchmarks() -> None:
    assert COPY.read_text(encoding="utf-8") == text_of(collected()), "run python -m benchmarks.sizing"
    assert measured() == collected()


def test_the_page_has_them_too() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page_of(page, collected()) == page, "run python -m benchmarks.sizing"


def test_people_read_how_much_of_everything() -> None:
    told = sizing(*SHOP)
    assert told.exit_code == 0
    found = size(dict(SHOPS)["a large retailer"], measured())
    assert f"kafka.partitions    {found.partitions:,}," in told.stdout
    assert f"workers             {found.workers:,}," in told.stdout
    assert "memory of a worker" in told.stdout
    assert "a month" not in told.stdout


def test_prices_make_costs_and_data_says_the_same() -> None:
    told = sizing(*SHOP, "--price-core", "25", "--price-disk", "0.1")
    assert "a month of cores" in told.stdout
    data = json.loads(sizing(*SHOP, "--price-core", "25", "--price-disk", "0.1", "--json").stdout)
    assert data["cost_a_month"]["cores"] == data["workers"] * 25
    assert f"{sum(data['cost_a_month'].values()):,.2f}" in told.stdout


def test_many_progress_records_come_with_what_to_do() -> None:
    told = sizing("--events-per-day", "5B", "--shoppers", "5M", "--growth", "8").stdout
    assert "a longer `time.tick`" in " ".join(told.split())
    assert "a longer `time.tick`" not in sizing(*SHOP).stdout


def test_without_standbys_the_restore_is_told() -> None:
    assert "of restoring on its heir" in sizing(*SHOP, "--standbys", "0").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--events-per-day", "many", "--shoppers", "1"), "write it as 2500000"),
        (("--events-per-day", "1", "--shoppers", "1", "--utilisation", "2"), "utilisation is 2"),
        (("--events-per-day", "100000B", "--shoppers", "1"), "topologies of their own"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    told = sizing(*arguments)
    assert told.exit_code == 2
    assert sentence in told.stderr
