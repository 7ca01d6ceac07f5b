"""The library: standard segments, read from the YAML files of pipeline/library."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.config.parameter import Parameter, filled_text
from pipeline.config.source import Block, Source

_PACKAGE = "pipeline.library"
_ENDING = ".yaml"
_HEAD = "segment:\n"


@dataclass(frozen=True, slots=True)
class LibrarySegment:
    """A standard segment. segment: its keys as a topology writes them, with placeholders. text: the same as YAML."""

    name: str
    title: str
    about: str
    parameters: Mapping[str, Parameter]
    segment: Block
    text: str

    def defaults(self) -> dict[str, Any]:
        """Parameter -> its default, or its example if it is required."""
        return {name: each.shown for name, each in self.parameters.items()}

    def required(self) -> list[str]:
        """Parameters that have no default."""
        return [name for name, each in self.parameters.items() if each.default is None]

    def written_out(self, values: Mapping[str, Any], name: str | None = None) -> str:
        """The segment as YAML to copy below `segments:`. values: of all parameters. name: of the segment, else the
        library's own."""
        body = f"title: {self.title}\n{filled_text(self.text, values)}"
        return f"{name or self.name}:\n{textwrap.indent(body, '  ')}"


@cache
def names() -> tuple[str, ...]:
    """The names of all standard segments, in order of the alphabet."""
    found = (file.name for file in files(_PACKAGE).iterdir() if file.name.endswith(_ENDING))
    return tuple(sorted(name.removesuffix(_ENDING) for name in found))


@cache
def standard(name: str) -> LibrarySegment:
    """A standard segment by its name, one of `names()`."""
    text = files(_PACKAGE).joinpath(name + _ENDING).read_text(encoding="utf-8")
    written = Source(text, f"{name}{_ENDING}", {}).root
    parameters = {key: Parameter(key, **each) for key, each in written.get("parameters", {}).items()}
    about = " ".join(str(written["about"]).split())
    body = textwrap.dedent(text.partition(_HEAD)[2])
    return LibrarySegment(name, written["title"], about, parameters, written["segment"], body)
