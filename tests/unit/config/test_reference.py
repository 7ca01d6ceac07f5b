"""References among segments."""

import pytest

from pipeline.config.reference import in_order
from tests.unit.config.builder import problems, topology


def segments(edges: dict[str, list[str]]) -> str:
    lines = []
    for name, targets in edges.items():
        parts = "".join(f", {{in: {target}}}" for target in targets)
        lines.append(f"  {name}: {{when: {{all: [{{orders: {{at_least: 1}}}}{parts}]}}}}")
    return "segments:\n" + "\n".join(lines)


def test_a_cycle_is_named_once() -> None:
    told = problems(segments({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}))
    assert told == ["segments.a.when.all[1].in: segments refer to each other in a circle: a -> b -> c -> a"]


def test_several_cycles_are_all_named() -> None:
    told = problems(segments({"a": ["a"], "b": ["c"], "c": ["b"]}))
    assert [problem.rsplit(": ", 1)[1] for problem in told] == ["a -> a", "b -> c -> b"]


def test_a_lattice_of_references_takes_no_time() -> None:
    edges = {f"s{n}-{side}": [f"s{n + 1}-x", f"s{n + 1}-y"] if n < 40 else [] for n in range(41) for side in "xy"}
    assert len(topology(segments(edges)).plan().segments) == 82


def test_a_long_chain_is_no_trouble() -> None:
    edges = {f"s{n}": [f"s{n + 1}"] if n < 1500 else [] for n in range(1501)}
    assert topology(segments(edges)).plan().segments[0].name == "s1500"


def test_order_is_by_reference_then_by_name() -> None:
    assert in_order({"a": ["z"], "z": [], "b": []}) == ["z", "a", "b"]


@pytest.mark.parametrize("key", ["when", "unless"])
def test_guards_refer_to_segments_too(key: str) -> None:
    told = problems(
        "segments: {engaged: {when: {orders: {at_least: 1}}}}\n"
        f"abandonment: {{cart: {{{key}: {{in: engagd}}}}}}"
    )
    assert told == [f"abandonment.cart.{key}.in: there is no segment engagd, did you mean engaged?"]
