"""docs/library.md: the standard segments, made of the files of pipeline/library."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.config.library import LibrarySegment, names, standard
from pipeline.config.parameter import Parameter, in_yaml

PAGE = Path("docs/library.md")
_LISTS = {"texts": "text, or list of texts", "months": "month, or list of months"}

_INTRODUCTION = """\
<!-- Made by `python -m pipeline.config`; edit the files in pipeline/library instead. -->
# Standard segments

The segments that most shops want, to include by name. Each has parameters with defaults; give those for which your shop
has other numbers:

```yaml
segments:
  champions: {library: champions}
  best-of-half-a-year: {library: champions, with: {within: 180d, orders: 4, spend: 300}, hold: {leave: 7d}}
```

* An included segment is in every respect the one that its YAML would be: the same identity, state, timers and
  explanation. Begin with an inclusion and write it out later (`afterclick library show NAME`): nobody enters or leaves.
* The name before the colon is yours: it stands in outputs, and one standard segment may be included several times.
  `title` and `hold` beside `library` are taken instead of the library's.
* A version that changes a standard segment changes the identity of what includes it, as an edit of your own would.
* Windows slide, money is in the shop's currency. The defaults fit no shop in particular: try them on your history with
  `afterclick replay`, and look at what `afterclick rfm fit` says of your buyers.
* Names of events and properties are the standard ones (`events.aliases` brings yours to them).

`afterclick library` lists them, `afterclick library show NAME --with within=180d` prints one with your parameters.
"""


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION, "\n".join(_contents()) + "\n"]
    parts.extend("\n".join(_section(standard(name))) + "\n" for name in names())
    return "\n".join(parts)


def _contents() -> Iterator[str]:
    yield "| name | segment | parameters |"
    yield "|---|---|---|"
    for name in names():
        segment = standard(name)
        yield f"| [`{name}`](#{name}) | {segment.title} | {', '.join(f'`{key}`' for key in segment.parameters)} |"


def _section(segment: LibrarySegment) -> Iterator[str]:
    yield f"## {segment.name}"
    yield ""
    yield f"**{segment.title}.** {segment.about}"
    yield ""
    if segment.parameters:
        yield "| parameter | type | default | range | meaning |"
        yield "|---|---|---|---|---|"
        yield from map(_row, segment.parameters.values())
        yield ""
    yield "```yaml"
    yield from segment.written_out(segment.defaults()).splitlines()
    yield "```"


def _row(parameter: Parameter) -> str:
    default = "**required**" if parameter.default is None else f"`{in_yaml(parameter.default)}`"
    kind = _LISTS.get(parameter.type, parameter.type)
    return f"| `{parameter.name}` | {kind} | {default} | {parameter.range()} | {parameter.about} |"
