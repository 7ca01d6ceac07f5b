"""The files that a shop begins with. The templates beside hold `$name` where an answer stands."""

from collections.abc import Mapping
from pathlib import Path
from string import Template

from pipeline.config.parameter import in_yaml

TOPOLOGY, COMPOSE = "topology.yaml", "compose.yaml"


def filled(file: str, answers: Mapping[str, str | int]) -> str:
    """file: TOPOLOGY or COMPOSE. answers: name, timezone, currency, partitions, replication."""
    template = Template((Path(__file__).parent / file).read_text(encoding="utf-8"))
    return template.substitute({name: in_yaml(answer) for name, answer in answers.items()})
