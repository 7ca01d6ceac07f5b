"""Reading an archive: what of it is history, in what order, and what is not taken and why."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from pipeline.archive.sorted_history import SortedHistory
from pipeline.archive.source import LIMIT, ArchiveSource, Item
from pipeline.domain.event import CLAIM, OF_OTHERS, Event
from pipeline.domain.intake.answer import Answer
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.omission import Omission
from pipeline.domain.intake.refusal import OVERSIZE, Refusal
from pipeline.replay.output import dead_letter_line
from pipeline.replay.source import InputError

# Names of events that are counted one by one; those beyond are counted together.
_NAMES = 200
OTHERS = "(others)"
_EXAMPLES = 5
_STRIDE = 10_000


@dataclass(slots=True)
class Summary:
    """What an archive comes to. events: that are history, by name. first, last: their received times, ms; 0 = none are.
    later: received at or after `time.live_from`, left to live traffic. refused: by reason. left_out: by
    the reason of `intake` in the topology. examples: sentences on the
    first ones refused. broken: sentences on files that cannot be read to their end."""

    files: int = 0
    names: dict[str, int] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    later: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def events(self) -> int:
        return sum(self.names.values())

    def take(self, event: Event) -> None:
        name = event.name if event.name in self.names or len(self.names) < _NAMES else OTHERS
        self.names[name] = self.names.get(name, 0) + 1
        self.first = min(self.first or event.received, event.received)
        self.last = max(self.last, event.received)

    def refuse(self, source: str, line: int, refusal: Refusal) -> None:
        self.refused[refusal.reason] = self.refused.get(refusal.reason, 0) + 1
        if len(self.examples) < _EXAMPLES:
            detail = f", {refusal.detail}" if refusal.detail else ""
            self.examples.append(f"{source}:{line}: {refusal.reason}{detail}")


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading to be. live_from: ms, 0 = all is history. progress: called now and then with the events so far."""

    intake: Intake
    live_from: int = 0
    progress: Callable[[int], None] | None = None

    def read(
        self, sources: Sequence[ArchiveSource], history: SortedHistory | None, dead_letters: BinaryIO | None
    ) -> Summary:
        """Of all files. One that breaks off is told of, and those beside it are read. history, dead_letters: where what
        is taken and what is refused goes; None: nowhere. Raises MappingError."""
        summary, taken_events = Summary(files=len(sources)), 0
        for file, source in enumerate(sources):
            place = last = 0
            for item in self._to_end(source, summary):
                place, last = (place + 1, last) if item.line == last else (0, item.line)
                taken = self._taken(item)
                if isinstance(taken, Refusal):
                    summary.refuse(source.name, item.line, taken)
                    if dead_letters is not None:
                        position = {"file": source.name, "line": item.line, "item": None}
                        dead_letters.write(
                            dead_letter_line(taken.reason, taken.detail, position, item.original) + b"\n"
                        )
                elif isinstance(taken, Omission):
                    summary.left_out[taken.reason] = summary.left_out.get(taken.reason, 0) + 1
                elif self.live_from and taken.received >= self.live_from:
                    summary.later += 1
                else:
                    summary.take(taken)
                    if history is not None and isinstance(item.value, bytes):
                        history.add(taken.received, file, item.line, place, item.value)
                    taken_events += 1
                    if self.progress is not None and not taken_events % _STRIDE:
                        self.progress(taken_events)
        return summary

    def _to_end(self, source: ArchiveSource, summary: Summary) -> Iterator[Item]:
        try:
            yield from source
        except InputError as error:
            summary.broken.append(str(error))

    def _taken(self, item: Item) -> Answer:
        """What intake makes of a value; of a call that is several events, the call's own."""
        value = item.value
        if isinstance(value, Refusal):
            return value
        if len(value) > LIMIT:
            return Refusal(OVERSIZE, b"", f"more than {LIMIT} bytes")
        found = self.intake.accept(value, 0, from_field=True)
        own = (one for one in found if not isinstance(one, Event) or one.type not in (CLAIM, *OF_OTHERS))
        return next(own, found[0])
