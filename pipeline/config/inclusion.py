"""Segments included from the library: `{library: champions, with: {within: 180d}}` becomes what it stands for.

That happens before anything is validated, so an included segment is in all respects the one written out by hand.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.config.entry import Reading
from pipeline.config.library import LibrarySegment, names, standard
from pipeline.config.parameter import filled
from pipeline.config.problem import Place, nearest
from pipeline.config.source import Block

# What a file may include: a few letters stand for many values, and the bounds of source.py are of what is written.
LIMIT = 1_000

# A mistake: its place below the segment, what to do, and the nearest known word.
Mistake = tuple[Place, str, str | None]


def include(root: Block, reading: Reading) -> None:
    """Put into each segment of a file what it includes; what is wrong with that goes to reading.found.

    An inclusion that cannot be understood becomes a condition that can, so that its mistake hides no other.
    """
    segments = root.get("segments")
    if not isinstance(segments, Block):
        return
    included = 0
    for name, entry in segments.items():
        if not isinstance(entry, Block):
            continue
        if "library" in entry:
            included += 1
            if included > LIMIT:
                reading.found.append((entry.place, f"is one inclusion too many, a file may have {LIMIT:,}", None))
                break
            segments[name] = _included(entry, reading)
        elif "with" in entry:
            message = "gives parameters to a segment of the library, but none is named, add library: NAME"
            reading.found.append(((*entry.place, "with"), message, None))


def _included(entry: Block, reading: Reading) -> Block:
    def report(mistakes: Iterator[Mistake]) -> None:
        reading.found.extend((entry.place + at, message, meant) for at, message, meant in mistakes)

    name = entry["library"]
    if not isinstance(name, str) or name not in names():
        report(_unknown(name))
        return _block(entry, {"when": _placed({"orders": {"at_least": 1}}, {}, (*entry.place, "when"))})
    template = standard(name)
    given = entry.get("with", Block())
    values = template.defaults()
    if isinstance(given, Block):
        wrong = list(_parameter_mistakes(template, given, reading.currency))
        report(iter(wrong))
        refused = {at[1] for at, _, _ in wrong if len(at) > 1}
        values |= {key: value for key, value in given.items() if key in values and key not in refused}
        if not wrong:
            report(_order_mistakes(template, given, values, reading.currency))
    else:
        report(iter([(("with",), "should be a mapping of parameters, as within: 90d", None)]))
    if "when" in entry:
        report(iter([(("when",), f"library: {name} brings its own condition, leave one of the two out", None)]))
    return _block(entry, {"title": template.title, **_placed(template.segment, values, entry.place)})


def _block(entry: Block, keys: Mapping[str, Any]) -> Block:
    """A segment of these keys, in which the entry's own title and hold come first."""
    block = Block({**keys, **{key: value for key, value in entry.items() if key not in ("with", "when", "library")}})
    block.place = entry.place
    return block


def _unknown(name: Any) -> Iterator[Mistake]:
    if isinstance(name, str):
        told = f"there is no standard segment {name}, `afterclick library` lists them"
        yield ("library",), told, nearest(name, names())
    else:
        yield ("library",), "should be the name of a standard segment, `afterclick library` lists them", None


def _parameter_mistakes(template: LibrarySegment, given: Block, currency: str) -> Iterator[Mistake]:
    for key, value in given.items():
        parameter = template.parameters.get(key)
        if parameter is None:
            takes = ", ".join(template.parameters) or "none"
            told = f"{template.name} has no such parameter, it takes {takes}"
            yield ("with", key), told, nearest(key, template.parameters)
        elif value is None:
            yield ("with", key), "has no value, give it one or leave the key out", None
        else:
            try:
                parameter.check(value, currency)
            except ValueError as error:
                yield ("with", key), str(error), None
    for key in template.required():
        if key not in given:
            parameter = template.parameters[key]
            example = f"with: {{{key}: {parameter.example}}}"
            yield ("library",), f"{template.name} needs {key} ({parameter.about.rstrip('.')}), as {example}", None


def _order_mistakes(
    template: LibrarySegment, given: Block, values: Mapping[str, Any], currency: str
) -> Iterator[Mistake]:
    """Parameters that are right each for itself, but not together."""
    for key, parameter in template.parameters.items():
        other = parameter.below
        if other is None:
            continue
        greater = template.parameters[other].size(values[other], currency)
        if parameter.size(values[key], currency) >= greater:
            at = key if key in given else other
            told = f"{key} ({values[key]}) should be less than {other} ({values[other]}), or nobody is ever a member"
            yield ("with", at), told, None


def _placed(written: Any, values: Mapping[str, Any], place: Place) -> Any:
    """A copy of a library segment with its parameters filled in, at a place of the including file."""
    if isinstance(written, Mapping):
        block = Block()
        block.place = place
        for key, value in written.items():
            block[key] = _placed(value, values, (*place, key))
        return block
    if isinstance(written, list):
        return [_placed(each, values, (*place, index)) for index, each in enumerate(written)]
    return filled(written, values)
