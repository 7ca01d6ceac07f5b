"""topology.yaml as plain data in which every value knows its place, and every place its line."""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from pipeline.config.problem import Place, Problem, TopologyError, dotted, nearest

# Enough for any shop; a file beyond it is a mistake, or aliases that multiply without end.
MAX_CHARACTERS = 1_000_000
MAX_VALUES = 200_000
MAX_DEPTH = 48
# Values that aliases repeat: few lines of them make a file of any size.
MAX_REPEATED = 20_000

# The YAML 1.2 core schema: `on`, `yes`, `no` and dates are plain words.
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?")
# No pattern or text of a shop has them, and the reader's time grows with the cube of their number.
_BRACKETS = re.compile(r"(?:[\[{][ \t]*){100}")
_VARIABLE = re.compile(r"\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(:-([^{}]*))?\})?")


_TOO_DEEP = f"is nested without end, {MAX_DEPTH} levels are the most"
_HALF = "has half a character (a surrogate without the other), write the character itself"


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: an escape as `\\ud800` alone is no character."""
    return text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text)


class Block(dict[str, Any]):
    """A mapping of the file."""

    place: Place = ()
    # Set on the copy that a model is made from: its unknown keys are told and gone.
    sifted: bool = False


class Source:
    """A parsed file. root: its top mapping, of Block, list and scalars (numbers with a point are Decimal).

    problems: what was wrong with the YAML itself. Raises TopologyError where nothing can be read at all.
    """

    def __init__(self, text: str, file: str, environment: Mapping[str, str]) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._environment = environment
        self._lines: dict[Place, int] = {}
        self._values = self._repeated = 0
        self._seen: set[int] = set()
        self.root = Block()
        node = self._compose(text)
        if isinstance(node, MappingNode):
            self.root = self._mapping(node, ())
        else:
            self.report((), "should be a mapping with the keys version, name, shop, segments, ...")

    def line(self, place: Place) -> int:
        """Line of a place, or of the nearest place around it that is in the file."""
        return self._lines.get(self.known(place), 1)

    def known(self, place: Place) -> Place:
        """The longest part of a place that is in the file."""
        while place and place not in self._lines:
            place = place[:-1]
        return place

    def report(self, place: Place, message: str, nearest: str | None = None) -> None:
        self.problems.append(Problem(self.file, self.line(place), dotted(place), message, nearest))

    def report_once(self, place: Place, message: str, nearest: str | None, reported: set[str]) -> None:
        """As `report`, unless the YAML at that place was already found wrong (its path is in `reported`)."""
        if dotted(place) not in reported or not place:
            self.report(place, message, nearest)

    def _compose(self, text: str) -> Node | None:
        if len(text) > MAX_CHARACTERS:
            raise TopologyError(
                [Problem(self.file, 1, "", f"is larger than {MAX_CHARACTERS:,} characters, split the topology")]
            )
        if deep := _BRACKETS.search(text):
            self._lines[()] = text.count("\n", 0, deep.start()) + 1
            self._give_up((), _TOO_DEEP)
        reader = YAML(typ="rt", pure=True)
        reader.version = (1, 2)
        try:
            return reader.compose(text)  # type: ignore[no-any-return]
        except RecursionError:
            raise TopologyError([Problem(self.file, 1, "", _TOO_DEEP)]) from None
        except YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            reason = getattr(error, "problem", None) or str(error).splitlines()[0]
            line = mark.line + 1 if mark else 1
            raise TopologyError([Problem(self.file, line, "", f"is no valid YAML: {reason}")]) from None

    def _mapping(self, node: MappingNode, place: Place) -> Block:
        block = Block()
        block.place = place
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode) or key_node.value == "<<":
                self._lines.setdefault(place, line)
                message = "merging with << is not part of this language, write the keys out"
                self.problems.append(Problem(self.file, line, dotted(place), message))
                continue
            key = str(key_node.value)
            if not _is_text(key):
                self.problems.append(Problem(self.file, line, dotted(place), f"the key {key!a} {_HALF}"))
                continue
            if key in block:
                first = self._lines[(*place, key)]
                self.problems.append(
                    Problem(self.file, line, dotted((*place, key)), f"is given twice, first in line {first}")
                )
                continue
            self._lines[(*place, key)] = line
            block[key] = self._value(value_node, (*place, key))
        return block

    def _value(self, node: Node, place: Place) -> Any:
        self._values += 1
        self._repeated += id(node) in self._seen
        self._seen.add(id(node))
        if len(place) > MAX_DEPTH:
            self._give_up(place, _TOO_DEEP)
        if self._values > MAX_VALUES:
            self._give_up(place, f"is too much: a file has at most {MAX_VALUES:,} values, split the topology")
        if self._repeated > MAX_REPEATED:
            self._give_up(place, f"aliases (*name) repeat more than {MAX_REPEATED:,} values, use fewer of them")
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                self._lines[(*place, index)] = item.start_mark.line + 1
                items.append(self._value(item, (*place, index)))
            return items
        return self._scalar(node, place)

    def _give_up(self, place: Place, message: str) -> NoReturn:
        raise TopologyError([Problem(self.file, self.line(place), dotted(place[:4]), message)])

    def _scalar(self, node: Any, place: Place) -> Any:
        text = str(node.value)
        if node.tag is not None and not str(node.tag).startswith("tag:yaml.org,2002:"):
            self.report(place, f"the tag {node.tag} is not part of this language")
            return None
        expanded = "${" in text
        if expanded:
            text = _VARIABLE.sub(lambda match: self._variable(match, place), text)
        if not _is_text(text):
            self.report(place, f"{text!a} {_HALF}")
            return None
        if expanded:
            return plain(text)
        if node.style is None and not self._said_to_be_text(node):
            return plain(text)
        return text

    @staticmethod
    def _said_to_be_text(node: Node) -> bool:
        """Whether a plain scalar that would be read as another type is tagged `!!str`."""
        return str(node.tag).endswith(":str") and not isinstance(plain(str(node.value)), str)

    def _variable(self, match: re.Match[str], place: Place) -> str:
        name, has_default, default = match.groups()
        if name is None:
            self.report(place, "a variable is written ${NAME} or ${NAME:-default}")
            return ""
        # As in a shell, `:-` also replaces an empty value.
        value = self._environment.get(name, "")
        if value or (name in self._environment and not has_default):
            return value
        if has_default:
            return str(default)
        self.report(
            place,
            f"the environment has no {name}, set it or write ${{{name}:-default}}",
            nearest(name, self._environment),
        )
        return ""


def plain(text: str) -> Any:
    """A plain scalar by the YAML 1.2 core schema; numbers with a point are Decimal, so that money stays exact."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text) and len(text) < 40:
        return int(text)
    if _DECIMAL.fullmatch(text) and len(text) < 40:
        return Decimal(text)
    return text


def read(path: Path, environment: Mapping[str, str]) -> Source:
    """Read and parse a file. Raises TopologyError if it cannot be read or is no YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TopologyError(
            [Problem(str(path), 1, "", "there is no such file; name one with --topology FILE or AFTERCLICK_TOPOLOGY")]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise TopologyError([Problem(str(path), 1, "", f"cannot be read: {error}")]) from None
    return Source(text, str(path), environment)
