"""What an import found and did, as people read it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pipeline.archive.reading import Summary
from pipeline.config.topology import Topology
from pipeline.domain.intake.clock import EARLIEST
from pipeline.domain.value.instant import format_instant

_NAMED = 12


def unready(topology: Topology) -> str | None:
    """What of a topology must be otherwise while a history is taken in; None: nothing."""
    time, wanted = topology.time, list[str]()
    if time.received != "field":
        wanted.append("received: field")
    if time.tick is not None:
        wanted.append("tick: off")
    if (time.live_from or 0) <= EARLIEST:
        wanted.append("live_from: 2026-12-01T06:00:00Z")
    if not wanted:
        return None
    return (
        f"While history is taken in, the topology of the workers needs `time: {{{', '.join(wanted)}}}`: times come from"
        " the events, no clock moves them on, and what is decided before `live_from` is silent. docs/import.md has the"
        " steps."
    )


def found(summary: Summary, letters: Path | None) -> Iterator[str]:
    """letters: where what is refused was written."""
    files = f"{summary.files:,} file{'s' if summary.files != 1 else ''}"
    span = f", received {format_instant(summary.first)} to {format_instant(summary.last)}" if summary.events else ""
    yield f"{files}: {summary.events:,} events{span}"
    named = Counter(summary.names).most_common()
    yield from (f"  {number:>12,}  {name}" for name, number in named[:_NAMED])
    if rest := named[_NAMED:]:
        yield f"  {sum(number for _, number in rest):>12,}  of {len(rest)} other names"
    if summary.later:
        yield f"{summary.later:,} received at or after time.live_from are left to live traffic."
    for reason, number in sorted(summary.left_out.items()):
        yield f"{number:,} left out by `intake` of the topology: {reason}"
    if summary.refused:
        yield f"{sum(summary.refused.values()):,} refused" + (f", in {letters}:" if letters is not None else ":")
        for reason, number in Counter(summary.refused).most_common():
            yield f"  {number:>12,}  {reason}"
        yield from (f"  {sentence}" for sentence in summary.examples)
    yield from summary.broken


NEXT = (
    "All is on the log. When the workers have read it to the end, give their topology its own `time.received` and "
    "`time.tick` again, restart them, and point the shop at the collector. Until `live_from` all stays silent."
)
