"""`afterclick library`: what there is, and each written out."""

import json

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.library import names, standard
from tests.unit.config.builder import topology


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["library", *arguments])


def test_it_lists_every_segment_with_its_parameters() -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout == run("list").stdout
    for name in names():
        assert f"{name}: {standard(name).title}" in result.stdout
    assert "category: required" in result.stdout


def test_it_lists_the_same_as_data() -> None:
    listed = {one["name"]: one for one in json.loads(run("--json").stdout)}
    assert list(listed) == list(names())
    assert listed["loyal"]["parameters"]["orders"] == {
        "type": "whole number",
        "default": 3,
        "least": 2,
        "most": 1000,
        "less_than": None,
        "about": "Orders in that time.",
    }


def test_what_it_shows_is_what_is_included() -> None:
    result = run("show", "at-risk", "--with", "silent=60d", "--with", "orders=3")
    assert result.exit_code == 0
    shown = topology("segments:\n  " + result.stdout.replace("\n", "\n  "))
    included = topology("segments: {at-risk: {library: at-risk, with: {silent: 60d, orders: 3}}}")
    assert shown.plan().segments == included.plan().segments


def test_a_parameter_may_be_a_list() -> None:
    result = run("show", "seasonal", "--with", "months=[3, 4]")
    assert "month: [3, 4]" in result.stdout
    assert "month: [1, 2, 5, 6, 7, 8, 9, 10, 11, 12]" in result.stdout


@pytest.mark.parametrize("text", ["Shoes", "a: b", 'say "so"', "null", "12d x", "- x", "50 %", "#1", "ä", "a\\b"])
def test_a_text_of_any_kind_is_shown_as_that_text(text: str) -> None:
    result = run("show", "category-affinity", "--with", f"category={text}")
    assert result.exit_code == 0, result.output
    where = topology("segments:\n  " + result.stdout.replace("\n", "\n  ")).plan().segments[0].when
    assert f"operand={text!r}" in repr(where)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show",), "`show` needs a name: `afterclick library show NAME`; `afterclick library` lists them."),
        (("show", "champs"), "There is no standard segment champs; did you mean champions?"),
        (("show", "xyz"), "There is no standard segment xyz; `afterclick library` lists them."),
        (("list", "loyal"), "`list` lists them all; for one say `afterclick library show loyal`."),
        (("show", "loyal", "--with", "orders"), "--with orders: write PARAMETER=VALUE, as within=180d"),
        (("show", "loyal", "--with", "oders=3"),
         "--with oders: loyal has no such parameter, it takes within, orders, did you mean orders?"),
        (("show", "seasonal", "--with", "months=[1"), "--with months=[1: write a list as [a, b]"),
        (("show", "loyal", "--with", "orders=1"), "--with orders: 1 should be at least 2, the range is 2 to 1000"),
    ],
)  # fmt: skip
def test_wrong_arguments_exit_2_with_one_sentence(arguments: tuple[str, ...], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.strip() == told
