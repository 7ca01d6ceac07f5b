"""docs/cli.md is what the commands are, and the examples that they show are understood."""

import re
import shlex
from typing import Any

import pytest
import typer

from pipeline.cli import app
from pipeline.commands import COMMANDS
from pipeline.commands.__main__ import PAGE
from pipeline.commands.reference import page


def examples() -> list[str]:
    """The commands in the examples of all pages of help, without what the shell does for them."""
    paragraphs = re.findall(r"^Examples?: .*(?:\n.+)*", page(), re.MULTILINE)
    spans = [span for paragraph in paragraphs for span in re.findall(r"`([^`]*)`", paragraph)]
    typed = [re.sub(r"<\((?!afterclick)[^)]*\)", "FILE", span) for span in spans]
    return [found.strip() for each in typed for found in re.findall(r"afterclick (\w[^|>)&]*)", each)]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run python -m pipeline.commands"


def test_every_command_shows_an_example() -> None:
    assert {example.split()[0] for example in examples()} == set(COMMANDS)


@pytest.mark.parametrize("example", examples())
def test_an_example_of_help_is_understood(example: str) -> None:
    name, *words = shlex.split(example)
    root: Any = typer.main.get_command(app)
    root.commands[name].make_context(name, words)
