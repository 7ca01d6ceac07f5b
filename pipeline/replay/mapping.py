"""Mapping files: how rows of a CSV file become events. docs/examples/online-retail.mapping.yaml explains each key."""

from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


class MappingError(Exception):
    """A mapping file is wrong, or does not fit the columns of its CSV; one sentence that says where."""


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All entries: immutable, unknown keys are errors."""


class Filter(_Entry, frozen=True, rename={"is_": "is", "in_": "in"}):
    """A test of one column; all tests given must hold."""

    column: str
    is_: str | None = None
    in_: tuple[str, ...] | None = None
    starts_with: str | None = None
    ends_with: str | None = None

    def passes(self, row: dict[str, str]) -> bool:
        value = row[self.column]
        return (
            (self.is_ is None or value == self.is_)
            and (self.in_ is None or value in self.in_)
            and (self.starts_with is None or value.startswith(self.starts_with))
            and (self.ends_with is None or value.endswith(self.ends_with))
        )


class Field(_Entry, frozen=True):
    """Where a value comes from: a column (without an affix, without its sign), a constant, or the sum over the rows of
    the product of columns. An empty column is an absent value."""

    column: str | None = None
    value: str | int | float | bool | None = None
    sum: tuple[str, ...] = ()
    remove_prefix: str = ""
    remove_suffix: str = ""
    absolute: bool = False

    def __post_init__(self) -> None:
        if (self.column is not None) + (self.value is not None) + bool(self.sum) != 1:
            raise ValueError("exactly one of `column`, `value`, `sum` is needed")


class Time(_Entry, frozen=True):
    column: str
    format: str | None = None
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"unknown timezone {self.timezone!r}") from None


class RefundOf(_Entry, frozen=True):
    """Which order a refund takes back: the shopper's latest earlier `event` with the same value in column `product`."""

    event: str
    product: str


Fields = dict[str, str | Field]


class Becomes(_Entry, frozen=True):
    """What a group of rows becomes."""

    event: str | None = None
    type: Literal["track", "page", "screen", "identify"] = "track"
    when: Filter | None = None
    message_id: tuple[str, ...] = ()
    refund_of: RefundOf | None = None
    properties: Fields = {}
    products: Fields = {}
    traits: Fields = {}

    def __post_init__(self) -> None:
        if (self.type == "track") is (self.event is None):
            raise ValueError("`event` names track calls, and only those")


class Mapping(_Entry, frozen=True):
    version: Literal[1]
    time: Time
    shopper: str | Field
    events: tuple[Becomes, ...]
    delimiter: str = ","
    encoding: str = "utf-8"
    group_by: tuple[str, ...] = ()
    skip: tuple[Filter, ...] = ()

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1:
            raise ValueError("`delimiter` is one character")
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(f"unknown encoding {self.encoding!r}") from None

    def columns(self) -> list[str]:
        """Every column that the mapping reads, in the order of its file."""
        return list(dict.fromkeys(_columns(msgspec.to_builtins(self))))


def _columns(entry: Any, key: str = "") -> list[str]:
    match key, entry:
        case (("column" | "shopper" | "product"), str()):
            return [entry]
        case (("sum" | "group_by" | "message_id"), (list() | tuple())):
            return list(entry)
        case (("properties" | "products" | "traits"), dict()):
            return [name for value in entry.values() for name in _columns(value, "column")]
        case _, dict():
            return [name for inner, value in entry.items() for name in _columns(value, inner)]
        case _, (list() | tuple()):
            return [name for value in entry for name in _columns(value)]
        case _:
            return []


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises MappingError."""
    try:
        tree = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
        return msgspec.convert(tree, Mapping)
    except OSError as error:
        raise MappingError(f"{path} cannot be read: {error.strerror}.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise MappingError(f"{path} is no YAML: {str(error).splitlines()[0]}.") from None
    except msgspec.ValidationError as error:
        raise MappingError(f"{path}: {error}.") from None
