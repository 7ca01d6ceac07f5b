"""Small topologies for tests, and what is wrong with them."""

from pipeline.config.problem import TopologyError
from pipeline.config.topology import Topology, parse
from pipeline.domain.definition import Condition

HEAD = "version: 1\nname: shop\n"


def topology(body: str = "", **environment: str) -> Topology:
    return parse(HEAD + body, environment)


def problems(body: str, **environment: str) -> list[str]:
    """Problems of a topology, without file and line."""
    try:
        topology(body, **environment)
    except TopologyError as error:
        return [str(problem).split(": ", 1)[1] for problem in error.problems]
    return []


def condition(written: str) -> Condition:
    """The meaning of one condition, in flow style."""
    return topology(f"segments: {{a: {{when: {written}}}}}").plan().segments[0].when


def condition_problems(written: str) -> list[str]:
    found = problems(f"segments: {{a: {{when: {written}}}}}")
    return [problem.removeprefix("segments.a.when.").removeprefix("segments.a.when: ") for problem in found]
