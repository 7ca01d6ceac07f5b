"""What the documents show: their fenced blocks and the commands in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))]

_FENCED = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_CALLED = re.compile(r"(?P<settings>(?:[A-Z_]+=\S+ )*)afterclick (?P<rest>.+)")


class Block(NamedTuple):
    """A fenced block. place: file and line, for people. text: without the indentation of the fence."""

    place: str
    language: str
    text: str


class Command(NamedTuple):
    """An `afterclick` command as a block shows it. settings: environment variables before it. arguments: without
    comments and redirections. output: the file that its standard output goes to, or ""."""

    place: str
    settings: dict[str, str]
    arguments: tuple[str, ...]
    output: str

    @property
    def name(self) -> str:
        return self.arguments[0]


def blocks(document: Path) -> Iterator[Block]:
    source = document.read_text()
    for found in _FENCED.finditer(source):
        line = source.count("\n", 0, found.start()) + 1
        place = f"{document.relative_to(REPOSITORY)}:{line}"
        lines = (each.removeprefix(found["indent"]) for each in found["text"].splitlines(keepends=True))
        yield Block(place, found["language"], "".join(lines))


def every_block(*languages: str) -> list[Block]:
    """Of all documents."""
    return [block for document in DOCUMENTS for block in blocks(document) if block.language in languages]


def every_command() -> list[Command]:
    """Of the blocks for a shell, which name no language or `sh`, of all documents."""
    return [command for block in every_block("", "sh") for command in _commands(block)]


def _commands(block: Block) -> Iterator[Command]:
    for line in block.text.splitlines():
        called = _CALLED.match(line)
        if called is None:
            continue
        words = shlex.split(called["rest"], comments=True)
        into = words.index(">") if ">" in words else len(words)
        settings = dict(each.split("=", 1) for each in called["settings"].split())
        yield Command(block.place, settings, tuple(words[:into]), "".join(words[into + 1 : into + 2]))
