"""`afterclick library`: the standard segments that a topology can include by name."""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from pipeline.commands.failure import Failure
from pipeline.config.library import LibrarySegment, names, standard
from pipeline.config.parameter import in_yaml
from pipeline.config.problem import TopologyError, nearest
from pipeline.config.source import Source, plain
from pipeline.config.topology import parse


class Action(StrEnum):
    LIST = "list"
    SHOW = "show"


def command(
    action: Annotated[Action, typer.Argument(metavar="[list|show]", help="What to do.")] = Action.LIST,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="With `show`: of a standard segment.")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--with", metavar="PARAMETER=VALUE", help="With `show`: instead of the default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With `list`: print the same as data.")] = False,
) -> None:
    """List the standard segments, what each is for and its parameters with their defaults; or show one written out, to
    copy below `segments:` of a topology. Exits 2 for a name, parameter or value that is not right.

    Examples: [bold]afterclick library[/] · [bold]afterclick library show champions[/] ·
    [bold]afterclick library show at-risk --with silent=60d --with orders=3[/]
    """
    if action is Action.LIST:
        if name is not None or given:
            raise Failure(f"`list` lists them all; for one say `afterclick library show {name or 'NAME'}`.", 2)
        typer.echo(json.dumps(_data(), indent=2, ensure_ascii=False) if as_json else "\n".join(_lines()))
        return
    if name is None:
        raise Failure("`show` needs a name: `afterclick library show NAME`; `afterclick library` lists them.", 2)
    typer.echo(shown(name, dict(_assignment(each) for each in given or ())), nl=False)


def shown(name: str, given: dict[str, Any]) -> str:
    """A standard segment as YAML to copy below `segments:`. Raises Failure (exit code 2) for what is no standard
    segment, no parameter of it, or no value of that."""
    segment = _known(name)
    required = {key: segment.parameters[key].example for key in segment.required()}
    parameters = ", ".join(f"{key}: {in_yaml(value)}" for key, value in {**required, **given}.items())
    included = f"version: 1\nname: library\nsegments:\n  {name}: {{library: {name}, with: {{{parameters}}}}}\n"
    try:
        parse(included, {}, file="--with")
    except TopologyError as error:
        problem = error.problems[0]
        meant = f", did you mean {problem.nearest}?" if problem.nearest else ""
        raise Failure(f"--with {problem.path.rpartition('.')[2]}: {problem.message}{meant}", 2) from None
    return segment.written_out({**segment.defaults(), **given})


def _known(name: str) -> LibrarySegment:
    if name in names():
        return standard(name)
    meant = nearest(name, names())
    hint = f"did you mean {meant}?" if meant else "`afterclick library` lists them."
    raise Failure(f"There is no standard segment {name}; {hint}", 2)


def _assignment(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key or not value:
        raise Failure(f"--with {text}: write PARAMETER=VALUE, as within=180d", 2)
    if value.startswith("["):
        try:
            return key, Source(f"value: {value}", "--with", {}).root["value"]
        except TopologyError:
            raise Failure(f"--with {text}: write a list as [a, b]", 2) from None
    # A text that YAML means as null is given in quotes there, and cannot be here.
    return key, value if (given := plain(value)) is None else given


def _lines() -> Iterator[str]:
    for name in names():
        segment = standard(name)
        yield f"{name}: {segment.title}"
        yield f"  {segment.about.partition('. ')[0].rstrip('.')}."
        for parameter in segment.parameters.values():
            value = "required" if parameter.default is None else in_yaml(parameter.default)
            yield f"    {parameter.name + ': ' + value:<24} {parameter.about}"
        yield ""
    yield "Include one as `my-name: {library: NAME, with: {PARAMETER: VALUE}}`."
    yield "`afterclick library show NAME` writes it out."


def _data() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "title": standard(name).title,
            "about": standard(name).about,
            "parameters": {
                key: {
                    "type": each.type,
                    "default": _json(each.default),
                    "least": _json(each.least),
                    "most": _json(each.most),
                    "less_than": each.below,
                    "about": each.about,
                }
                for key, each in standard(name).parameters.items()
            },
        }
        for name in names()
    ]


def _json(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, list)) else json.loads(str(value))
