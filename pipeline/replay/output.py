"""Replay's files: decisions by topic, dead letters and profiles, the same bytes for the same input and topology."""

import base64
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.domain.decision import SEGMENT_CALLS, Decision
from schemas.rendering import encode_json, render

DEAD_LETTERS = "dead-letters"
PROFILES = "profiles"
_PART = ".part"

# Effective time, shopper, id (of a call its place in the order of cause), and the encoded line.
Line = tuple[int, str, str, bytes]


def dead_letter_line(reason: str, detail: str, position: dict[str, Any], original: bytes) -> bytes:
    """A call that was not taken, as a line of JSON. `encoding` says how `original` stands there: utf-8 as it is, else
    base64."""
    try:
        encoding, text = "utf-8", original.decode()
    except UnicodeDecodeError:
        encoding, text = "base64", base64.b64encode(original).decode()
    return encode_json(
        {"reason": reason, "detail": detail, "position": position, "original": text, "encoding": encoding}
    )


class Disorder(RuntimeError):
    """A decision lies before an instant that was already written out: decisions never run backwards in time."""


class Files:
    """The files of one run. Each is written beside its name and takes it when the run ends well.

    Lines of decisions are sorted by (effective time, shopper, id); they are held back only until time has passed them.
    Calls stand in order of cause within an instant: a destination makes them in the order of the file.
    """

    def __init__(self, folder: Path, topics: Sequence[str], *, profiles: bool, trace: bool) -> None:
        """topics: of decisions, and SEGMENT_CALLS if there are any."""
        self._folder, self._trace = folder, trace
        folder.mkdir(parents=True, exist_ok=True)
        names = [*topics, DEAD_LETTERS, *([PROFILES] if profiles else [])]
        self._files: dict[str, BinaryIO] = {name: self._part(name).open("wb", 1 << 20) for name in names}
        self._held: dict[str, list[Line]] = {topic: [] for topic in topics}
        self._written_until = 0
        self._calls = 0

    def decision(self, decision: Decision, source: dict[str, Any] | None) -> None:
        if decision.effective_at < self._written_until:
            raise Disorder(f"a decision on {decision.topic} is earlier than what was written")
        line = encode_json(render(decision, source, trace=self._trace))
        self._held[decision.topic].append((decision.effective_at, decision.shopper, decision.id, line))

    def calls(self, decision: Decision, lines: Iterable[bytes]) -> None:
        """A decision, just given, as calls; shoppers may come in any order, decisions of one in order of cause."""
        for line in lines:
            self._calls += 1
            self._held[SEGMENT_CALLS].append((decision.effective_at, decision.shopper, f"{self._calls:020}", line))

    def write_until(self, until: int) -> None:
        """Write out all decisions effective before `until` (ms); none such may come any more."""
        for topic, held in self._held.items():
            held.sort()
            passed = bisect_left(held, (until,))
            if passed:
                self._write(topic, [line for _, _, _, line in held[:passed]])
                del held[:passed]
        self._written_until = until

    def dead_letter(self, reason: str, detail: str, position: dict[str, Any], original: bytes) -> None:
        """A call that was not taken; see `dead_letter_line`."""
        self._write(DEAD_LETTERS, [dead_letter_line(reason, detail, position, original)])

    def profile(self, profile: dict[str, Any]) -> None:
        self._write(PROFILES, [encode_json(profile)])

    def finish(self) -> None:
        """Write what is held, and give the files their names."""
        for topic, held in self._held.items():
            held.sort()
            if held:
                self._write(topic, [line for _, _, _, line in held])
        for name, file in self._files.items():
            file.close()
            self._part(name).replace(self._folder / f"{name}.ndjson")

    def abandon(self) -> None:
        """Leave no half-written file behind."""
        for name, file in self._files.items():
            file.close()
            self._part(name).unlink(missing_ok=True)

    def _write(self, name: str, lines: list[bytes]) -> None:
        lines.append(b"")
        self._files[name].write(b"\n".join(lines))

    def _part(self, name: str) -> Path:
        return self._folder / f"{name}.ndjson{_PART}"
