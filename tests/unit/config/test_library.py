"""Standard segments: what a topology includes by name is what it would have written, and mistakes are told in place."""

import json
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pipeline.config import library_page, schema
from pipeline.config.inclusion import LIMIT
from pipeline.config.library import LibrarySegment, names, standard
from pipeline.config.parameter import NUMERIC, Parameter, in_yaml
from pipeline.config.problem import TopologyError
from pipeline.config.source import Source
from pipeline.config.topology import parse
from pipeline.domain.definition import SegmentDefinition
from tests.conftest import REPOSITORY
from tests.scenarios.scenario import scenarios
from tests.unit.config.builder import HEAD, problems, topology

ALL = [standard(name) for name in names()]
IDS = list(names())

# The list that the library promises.
PROMISED = {
    "champions", "loyal", "at-risk", "lapsed", "new", "one-time-buyers", "discount-seekers", "full-price-buyers",
    "big-cart", "window-shoppers", "category-affinity", "cart-abandoners", "vip-slipping", "seasonal", "birthday-month",
    "high-refund-rate", "engaged-anonymous",
}  # fmt: skip


def included(segment: LibrarySegment, given: Mapping[str, Any]) -> SegmentDefinition:
    parameters = ", ".join(f"{key}: {in_yaml(value)}" for key, value in given.items())
    return topology(f"segments: {{a: {{library: {segment.name}, with: {{{parameters}}}}}}}").plan().segments[0]


def written(segment: LibrarySegment, values: Mapping[str, Any]) -> SegmentDefinition:
    body = segment.written_out(values, "a")
    return topology("segments:\n" + "".join(f"  {line}\n" for line in body.splitlines())).plan().segments[0]


def required(segment: LibrarySegment) -> dict[str, Any]:
    return {key: segment.parameters[key].example for key in segment.required()}


def other(parameter: Parameter) -> Any:
    """A value that is not the default: of what has an order the least, or the greatest where that is the default."""
    if parameter.type in ("text", "texts"):
        return "else.where" if parameter.type == "text" else ["Something Else", "*x"]
    if parameter.type == "months":
        return 3
    return parameter.most if parameter.least == parameter.default or parameter.below is None else parameter.least


def test_all_that_is_promised_is_there() -> None:
    assert PROMISED - set(names()) == set()


@pytest.mark.parametrize("segment", ALL, ids=IDS)
def test_an_included_segment_is_the_one_written_out(segment: LibrarySegment) -> None:
    # Identity, title and condition.
    assert included(segment, required(segment)) == written(segment, segment.defaults())


@pytest.mark.parametrize("segment", ALL, ids=IDS)
def test_each_parameter_changes_the_segment_as_it_changes_what_is_written_out(segment: LibrarySegment) -> None:
    default = included(segment, required(segment))
    for parameter in segment.parameters.values():
        given = {**required(segment), parameter.name: other(parameter)}

        changed = included(segment, given)

        assert changed == written(segment, {**segment.defaults(), **given}), parameter.name
        assert changed.identity != default.identity, parameter.name


@pytest.mark.parametrize("segment", ALL, ids=IDS)
def test_a_library_file_is_sound(segment: LibrarySegment) -> None:
    assert not Source(files("pipeline.library").joinpath(f"{segment.name}.yaml").read_text(), "f", {}).problems
    for parameter in segment.parameters.values():
        parameter.check(parameter.shown, "EUR")
        assert parameter.about.endswith(".")
        assert parameter.type not in NUMERIC or None not in (parameter.least, parameter.most)
        assert parameter.below is None or parameter.below in segment.parameters
    assert segment.about.endswith(".")


def test_each_has_a_scenario() -> None:
    told = {
        name
        for _, case in scenarios(REPOSITORY / "tests/scenarios")
        if case.rules.startswith("library ")
        for name in case.rules.removeprefix("library ").split(", ")
    }
    assert set(names()) - told == set()


def test_title_and_hold_of_the_entry_are_taken_and_nothing_else_changes() -> None:
    loaded = topology("segments: {a: {library: big-cart, title: Ours, hold: {enter: 1h}}}")
    (segment,) = loaded.plan().segments
    assert segment.title == "Ours"
    assert segment.hold is not None
    assert segment.when == included(standard("big-cart"), {}).when


def test_other_rules_may_refer_to_what_is_included() -> None:
    loaded = topology("segments: {vip: {library: champions}, rest: {when: {not: {in: vip}}}}")
    assert [segment.name for segment in loaded.plan().segments] == ["vip", "rest"]


def test_the_value_of_a_parameter_may_come_from_the_environment() -> None:
    loaded = topology('segments: {a: {library: loyal, with: {orders: "${LEAST}"}}}', LEAST="7")
    assert loaded.plan().segments[0].identity == included(standard("loyal"), {"orders": 7}).identity


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{library: champion}",
         "segments.a.library: there is no standard segment champion, `afterclick library` lists them,"
         " did you mean champions?"),
        ("{library: [loyal]}",
         "segments.a.library: should be the name of a standard segment, `afterclick library` lists them"),
        ("{library: loyal, with: {witin: 1d}}",
         "segments.a.with.witin: loyal has no such parameter, it takes within, orders, did you mean within?"),
        ("{library: loyal, with: 30d}", "segments.a.with: should be a mapping of parameters, as within: 90d"),
        ("{library: loyal, with: {within: }}",
         "segments.a.with.within: has no value, give it one or leave the key out"),
        ("{library: loyal, with: {within: 3}}",
         "segments.a.with.within: 3 is no duration: write 500ms, 90s, 15m, 4h, 30d or 12w, or ISO 8601 as P30D"),
        ("{library: loyal, with: {within: 5000d}}",
         "segments.a.with.within: 5000d should be at most 3650d, the range is 1d to 3650d"),
        ("{library: loyal, with: {orders: 1}}",
         "segments.a.with.orders: 1 should be at least 2, the range is 2 to 1000"),
        ("{library: loyal, with: {orders: 2.5}}", "segments.a.with.orders: 2.5 should be a whole number"),
        ("{library: big-cart, with: {value: 9.999}}",
         "segments.a.with.value: 9.999 has more than 2 decimal places, EUR has no more"),
        ("{library: at-risk, with: {silent: 400d}}",
         "segments.a.with.silent: silent (400d) should be less than lapsed (365d), or nobody is ever a member"),
        ("{library: at-risk, with: {lapsed: 90d}}",
         "segments.a.with.lapsed: silent (90d) should be less than lapsed (90d), or nobody is ever a member"),
        ("{library: category-affinity}",
         "segments.a.library: category-affinity needs category (The category as events spell it), as"
         " with: {category: Shoes}"),
        ("{library: category-affinity, with: {category: 7}}",
         "segments.a.with.category: should be a text, or a list of texts"),
        ("{library: seasonal, with: {months: [1, 13]}}",
         "segments.a.with.months: should be a month from 1 to 12, or a list of some of them, not all"),
        ("{library: birthday-month, with: {trait: [a, b]}}", "segments.a.with.trait: should be one text"),
        ("{library: loyal, when: {orders: {at_least: 1}}}",
         "segments.a.when: library: loyal brings its own condition, leave one of the two out"),
        ("{when: {orders: {at_least: 1}}, with: {within: 1d}}",
         "segments.a.with: gives parameters to a segment of the library, but none is named, add library: NAME"),
        ("{libary: loyal}", "segments.a.libary: unknown key, did you mean library?"),
        ("{library: loyal, holt: {enter: 1h}}", "segments.a.holt: unknown key, did you mean hold?"),
        ("{library: new, with: {of: identify}}",
         "segments.a: identify calls are never counted, name a track event, page or screen"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_inclusion_is_told_where_it_stands(entry: str, told: str) -> None:
    assert told in problems(f"segments: {{a: {entry}}}")


def test_one_mistake_hides_no_other_and_each_has_its_line() -> None:
    body = (
        "segments:\n"
        "  a:\n"
        "    library: loyal\n"
        "    with:\n"
        "      within: 1\n"
        "      oders: 3\n"
        "  b: {library: chmpions}\n"
        "  c: {when: {in: d}}\n"
    )
    with pytest.raises(TopologyError) as caught:
        parse(HEAD + body, {})

    assert [(problem.line, problem.path, problem.nearest) for problem in caught.value.problems] == [
        (7, "segments.a.with.within", None),
        (8, "segments.a.with.oders", "orders"),
        (9, "segments.b.library", "champions"),
        (10, "segments.c.when.in", None),
    ]


def wrong(body: str) -> list[str]:
    """What the schema for editors says is wrong with a topology."""
    plain = json.loads(json.dumps(Source(HEAD + body, "f.yaml", {}).root, default=float))
    return [error.json_path for error in Draft202012Validator(schema.schema()).iter_errors(plain)]


@pytest.mark.parametrize(
    "entry",
    [
        "{library: loyal}",
        "{library: loyal, with: {within: 90d, orders: 2}, title: Ours, hold: {leave: 1d}}",
        "{library: category-affinity, with: {category: [Shoes, Socks]}}",
        "{library: big-cart, with: {value: 0.5}}",
        "{library: seasonal, with: {months: [3, 4]}}",
        "{when: {trait: {name: birthday, month: now}}}",
        "{when: {orders: {at_least: 1}}}",
    ],
)
def test_editors_take_what_the_loader_takes(entry: str) -> None:
    assert problems(f"segments: {{a: {entry}}}") == []
    assert wrong(f"segments: {{a: {entry}}}") == []


@pytest.mark.parametrize(
    "entry",
    [
        "{}",
        "{library: nobody}",
        "{library: loyal, with: {recent: 1d}}",
        "{library: loyal, with: {orders: 1}}",
        "{library: loyal, with: {within: 1}}",
        "{library: category-affinity}",
        "{library: loyal, when: {orders: {at_least: 1}}}",
        "{when: {orders: {at_least: 1}}, with: {within: 1d}}",
    ],
)
def test_editors_refuse_what_the_loader_refuses(entry: str) -> None:
    assert problems(f"segments: {{a: {entry}}}") != []
    assert wrong(f"segments: {{a: {entry}}}") != []


def test_the_page_is_the_one_that_the_files_make() -> None:
    assert (REPOSITORY / library_page.PAGE).read_text() == library_page.page(), "run python -m pipeline.config"


def test_what_the_page_shows_loads() -> None:
    shown = [block.partition("```")[0] for block in library_page.page().split("```yaml\n")[1:]]
    assert len(shown) == len(names()) + 1
    for block in shown:
        body = block if block.startswith("segments:") else "segments:\n" + "  " + block.replace("\n", "\n  ")
        assert problems(body) == []


def test_the_files_are_part_of_the_wheel() -> None:
    # The package is shipped as a whole; nothing may leave its data files out.
    build = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert "pipeline" in build["targets"]["wheel"]["packages"]
    assert "exclude" not in build and "exclude" not in build["targets"]["wheel"]
    assert {f"{name}.yaml" for name in names()} <= {file.name for file in files("pipeline.library").iterdir()}


def test_a_file_may_not_include_without_end() -> None:
    many = "".join(f"  s{number}: {{library: high-refund-rate}}\n" for number in range(LIMIT + 2))
    told = problems(f"segments:\n{many}")
    assert f"segments.s{LIMIT}: is one inclusion too many, a file may have 1,000" in told


# What includes a standard segment enters and leaves anew when this changes: it is never by accident.
IDENTITIES = {
    "at-risk": "651cebc1dc9d",
    "big-cart": "c5d1c88dddec",
    "birthday-month": "7d4352c180af",
    "cart-abandoners": "092b14690a45",
    "category-affinity": "1e1f7f877307",
    "champions": "96c9449a553e",
    "discount-seekers": "734a832b58a2",
    "engaged-anonymous": "63ea1936b6ba",
    "full-price-buyers": "c780e5a86c72",
    "high-refund-rate": "6132e7480ce7",
    "lapsed": "dd59556ca1a4",
    "loyal": "11dfc50f5010",
    "new": "350b0a152e73",
    "one-time-buyers": "f25b4d0cf245",
    "seasonal": "0c73b7977e29",
    "vip-slipping": "7b83508e4df5",
    "window-shoppers": "8d5951b946e6",
}


def test_a_standard_segment_changes_its_meaning_only_on_purpose() -> None:
    assert {one.name: included(one, required(one)).identity for one in ALL} == IDENTITIES
