"""Parameters of standard segments: what a topology may give in `with:`, checked where it is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipeline.config.duration import parse_duration
from pipeline.config.quantity import parse_whole, to_minor

NUMERIC = ("duration", "whole number", "money")
TYPES = (*NUMERIC, "text", "texts", "months")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. type: one of TYPES; `texts` is one text or a list of them, `months` are numbers from 1 to 12.

    default: as written, None if the parameter is required; then `example` stands in where a value must be shown.
    least, most: the range, as written, both included; None = open. below: name of the parameter that it is less than.
    """

    name: str
    type: str
    about: str
    default: Any = None
    example: Any = None
    least: Any = None
    most: Any = None
    below: str | None = None

    @property
    def shown(self) -> Any:
        """The default, else the example."""
        return self.example if self.default is None else self.default

    def check(self, value: Any, currency: str) -> None:
        """Raises ValueError that says what is wrong with a value. currency: of money (ISO 4217)."""
        size = self.size(value, currency)
        if self.type not in NUMERIC:
            return
        if self.least is not None and size < self.size(self.least, currency):
            raise ValueError(f"{value} should be at least {self.least}{self._range()}")
        if self.most is not None and size > self.size(self.most, currency):
            raise ValueError(f"{value} should be at most {self.most}{self._range()}")

    def size(self, value: Any, currency: str) -> int:
        """The value as a number to compare with others of its type; 0 of texts. Raises ValueError if it is of another
        type."""
        match self.type:
            case "duration":
                return parse_duration(value)
            case "whole number":
                return parse_whole(value)
            case "money":
                return to_minor(value, currency)
            case "months":
                months = value if isinstance(value, list) else [value]
                if not 0 < len(set(months)) < 12 or not all(type(one) is int and 1 <= one <= 12 for one in months):
                    raise ValueError("should be a month from 1 to 12, or a list of some of them, not all")
                return 0
            case "text" if isinstance(value, list):
                raise ValueError("should be one text")
        texts = value if isinstance(value, list) else [value]
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise ValueError("should be a text, or a list of texts")
        return 0

    def range(self) -> str:
        """The range in words; "" if it has none."""
        ends = [f"{self.least} to {self.most}"] if self.least is not None and self.most is not None else []
        if self.below:
            ends.append(f"less than {self.below}")
        return ", ".join(ends)

    def _range(self) -> str:
        return f", the range is {self.least} to {self.most}" if None not in (self.least, self.most) else ""


# `<within>`; a whole number some times: `<one_in * 4>`; all months but these: `<not months>`.
_PLACEHOLDER = re.compile(r"<(not )?([a-z_]+)(?: \* ([0-9]+))?>")


def filled(written: Any, values: Mapping[str, Any]) -> Any:
    """A value of a library file with its placeholder replaced; any other value as it is. Raises KeyError for one that
    names no parameter."""
    match = _PLACEHOLDER.fullmatch(written) if isinstance(written, str) else None
    return written if match is None else _value(match, values)


def filled_text(text: str, values: Mapping[str, Any]) -> str:
    """As `filled`, of YAML text."""
    return _PLACEHOLDER.sub(lambda match: in_yaml(_value(match, values)), text)


def _value(match: re.Match[str], values: Mapping[str, Any]) -> Any:
    value = values[match[2]]
    if match[1]:
        return [month for month in range(1, 13) if month not in (value if isinstance(value, list) else [value])]
    return value * int(match[3]) if match[3] else value


def in_yaml(value: Any) -> str:
    """A text, a number or a list of them as it is written in flow style."""
    if isinstance(value, list):
        return "[" + ", ".join(in_yaml(each) for each in value) + "]"
    if isinstance(value, (int, Decimal)):
        return str(value)
    text = str(value)
    return text if _is_plain(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_plain(text: str) -> bool:
    """Whether YAML reads a text as that text without quotes."""
    word = re.fullmatch(r"[A-Za-z$][\w$. -]*\w|[A-Za-z]|[0-9]+(ms|[smhdw])", text, re.ASCII) is not None
    return word and text.lower() not in ("null", "true", "false")
