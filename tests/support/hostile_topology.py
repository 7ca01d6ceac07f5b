"""Valid topologies made wrong in the ways that hands and generators have, from a seed.

Of the data: a value gone, of another type, twice, nested, enormous, from another place. Of the text: a line gone,
characters of no sense, anchors and aliases.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[2]

SOURCES = (REPOSITORY / "topology.yaml", REPOSITORY / "tests/unit/config/every_kind.yaml")

_WORDS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 5, 0.5, -0.0001, 10**11, 10**12, 10**30, -(10**25), 1.0e80, "1e400", "NaN", ".inf",
    "-.inf", "", " ", "*", "$time", "a", "a.b", "a..b", ".", "0s", "1d", "P1M", "P1Y", "99999d", "-3h", "1.5h", "PT",
    "lifetime", "off", "2026-01-31", "2026-13-31", "identify", "Order Completed", "Product Viewed", "not supported",
    "(a+)+$", "(?=x)", "[", "a{1000}{1000}", "(" * 200, "\\", "${HOME}", "${", "${}", "${X:-{a: 1}}", "${A:-1e99}",
    "ö", "\u202egnp", "\ud7ff", "\U0001f600" * 40, "\u0000", "\x1b[31m", "a\nb", "x" * 3_000, "٣d", "１", "EUR", "eur",
    "Europe/Berlin", "XXX", [], {}, [[]], [None], [1, 2, 3], {"": 1}, {"a": None}, {"calendar": "day"}, {"since": "A"},
)  # fmt: skip
_KEYS = (
    "all", "any", "not", "in", "count", "sum", "min", "max", "avg", "distinct", "first", "last", "sequence", "trait",
    "computed", "orders", "spend", "average_order", "cart", "rfm", "stage", "tier", "points", "consent", "of", "where",
    "within", "property", "at_least", "at_most", "between", "is", "is_not", "exists", "matches", "name", "when", "<<",
    "unless", "hold", "enter", "leave", "steps", "same", "absent", "stages", "kind", "levels", "from", "keep", "all_of",
    "", "toString", "__class__", "model_config", "place", "sifted", "ö", "\x1b[2J", "k" * 500,
)  # fmt: skip
_MARKS = (
    "&a ", "*a", "!!str ", "!!int ", "!!binary ", "!x ", "? ", "- ", ": ", "| ", ">", "{", "}", "[", "]", "'", '"', "#",
    "%", "@", "`", "\t", "\r", "\u2028", "\ufeff", "\u0085", "---\n", "...\n", "<<: *a", "\x7f", ",", "~",
)  # fmt: skip


# That a value repeated may take: reading takes its time by the size of a file, which is no news.
_CHARACTERS = 60_000


def hostile(seed: int) -> str:
    """The text of one; often no topology, sometimes still one."""
    random = Random(seed)
    text = random.choice(SOURCES).read_text()
    if random.random() < 0.25:
        return _torn(text, random)
    root = YAML(typ="safe", pure=True).load(text)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        _mutate(root, random)
        if len(json.dumps(root, default=str)) > 2 * _CHARACTERS:
            break
    written = json.dumps(root, ensure_ascii=random.random() < 0.5, indent=1, default=str)
    if len(written) > 2 * _CHARACTERS:
        return written[: 2 * _CHARACTERS]
    return _torn(written, random) if random.random() < 0.1 else written


def _torn(text: str, random: Random) -> str:
    for _ in range(random.choice((1, 1, 2, 5))):
        lines = text.split("\n")
        at = random.randrange(len(lines))
        match random.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, random.choice(lines))
            case 2:
                lines[at] = " " * random.randrange(9) + lines[at].strip()
            case 3:
                cut = random.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:cut] + random.choice(_MARKS) + lines[at][cut:]
            case 4:
                lines[at] = lines[at].replace(": ", f": {random.choice(_MARKS)}", 1)
            case _:
                lines = lines[:at]
        text = "\n".join(lines)
        if not text:
            break
    return text


def _places(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) below a node."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield node, key
        yield from _places(value)


def _mutate(root: Any, random: Random) -> None:
    places = list(_places(root))
    if places:
        within, key = random.choice(places)
        random.choice((_drop, _replace, _replace, _move, _wrap, _nest, _rename, _copy, _multiply))(
            within, key, random, places
        )


def _drop(within: Any, key: Any, random: Random, places: list[Any]) -> None:
    del within[key]


def _replace(within: Any, key: Any, random: Random, places: list[Any]) -> None:
    within[key] = random.choice(_WORDS)


def _move(within: Any, key: Any, random: Random, places: list[Any]) -> None:
    other, of = random.choice(places)
    within[key] = deepcopy(other[of])


def _wrap(within: Any, key: Any, random: Random, places: list[Any]) -> None:
    value = within[key]
    wrapped = ([value], {"not": value}, {"all": [value]}, {"any": [value, value]}, {"is": value}, [value] * 3)
    within[key] = random.choice(wrapped)


def _nest(within: Any, key: Any, random: Random, places: list[Any]) -> None:
    value = within[key]
    for _ in range(random.choice((3, 20, 60, 150))):
        value = random.choice(({"not": value}, {"all": [value]}, [value]))
    within[key] = value


def _rename(within: Any, key: Any, random: Random, places: list[Any]) -> None:
    _copy(within, key, random, places)
    if isinstance(within, dict):
        del within[key]


def _copy(within: Any, key: Any, random: Random, places: list[Any]) -> None:
    if isinstance(within, dict):
        within[random.choice([one for one in _KEYS if one != key])] = within[key]
    else:
        within.insert(key, within[key])


def _multiply(within: Any, key: Any, random: Random, places: list[Any]) -> None:
    value = within[key]
    within[key] = [value] * min(random.choice((2, 50, 2_000)), 1 + _CHARACTERS // len(json.dumps(value, default=str)))
