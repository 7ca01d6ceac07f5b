"""What is wrong with a topology, told all at once and each at its place."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# A place in the file: keys of mappings, and indexes of lists.
Place = tuple[str | int, ...]

# Characters of a path, and of a message: what a file quotes may be of any length.
_LONGEST = 300


def dotted(place: Place) -> str:
    """A place as people write it: `loyalty.club.earn[0].per`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def _told(text: str) -> str:
    """As it may stand on a terminal and in a log: no control characters, and no longer than one reads."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST * 2 // 3]} .. {text[-_LONGEST // 3 :]}"
    return text if text.isprintable() else "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. line: counted from 1. path: dotted, "" = the file as a whole. nearest: the known key or name that
    was probably meant."""

    file: str
    line: int
    path: str
    message: str
    nearest: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: {_told(self.path)}: " if self.path else f"{self.file}:{self.line}: "
        return where + _told(self.message) + (f", did you mean {_told(self.nearest)}?" if self.nearest else "")


class TopologyError(Exception):
    """The topology cannot be used. problems: all of them, in order of lines. A command that lets it through exits 2."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.path, problem.message)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
