"""The progress bar of a run: how far, how fast, how long still."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text


class _Read(Protocol):
    """How far an input is read, as a Source tells."""

    size: int

    def read(self) -> int: ...


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        seconds, events = task.elapsed, task.fields["events"]
        return Text(f"{events:,} events, {events / seconds:,.0f}/s" if seconds and events else "reading")


class ProgressBar:
    """Shown while inside its `with`; called with the number of events so far. Bytes read tell how far the run is."""

    def __init__(self, console: Console, sources: Sequence[_Read], what: str = "replay") -> None:
        """what: is read for."""
        self._sources = sources
        known = all(source.size for source in sources)
        total = sum(source.size for source in sources) if known else None
        columns = (TextColumn("[progress.description]{task.description}"), BarColumn(), TaskProgressColumn())
        self._progress = Progress(*columns, _Rate(), TimeRemainingColumn(), console=console, transient=True)
        self._task = self._progress.add_task(what, total=total, events=0)

    def __enter__(self) -> "ProgressBar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, events: int) -> None:
        read = sum(source.read() for source in self._sources)
        self._progress.update(self._task, completed=read, events=events)
