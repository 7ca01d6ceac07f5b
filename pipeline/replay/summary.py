"""What a run came to, as numbers and as a table."""

from collections import Counter
from dataclasses import dataclass, field

from rich.table import Table

from pipeline.domain.decision import (
    DECISION_TOPICS,
    EXPERIMENT_EXPOSURES,
    IDENTITY_CHANGES,
    MESSAGE_RESULTS,
    MESSAGE_SUPPRESSIONS,
    MESSAGES,
    SEGMENT_CALLS,
    Decision,
)
from pipeline.domain.value.instant import format_instant

_PARTS = {
    MESSAGES: "message",
    MESSAGE_SUPPRESSIONS: "reason",
    MESSAGE_RESULTS: "result",
    EXPERIMENT_EXPOSURES: "change",
    IDENTITY_CHANGES: "change",
}


@dataclass(slots=True)
class Summary:
    """events: accepted calls, repeated and late ones too. last: last received time, ms; 0 = nothing was read. calls: of
    SEGMENT_CALLS. parts: of the decisions on a topic, by what they are about, where that is worth telling."""

    events: int = 0
    shoppers: int = 0
    duplicates: int = 0
    last: int = 0
    decisions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DECISION_TOPICS, 0))
    parts: dict[str, Counter[str]] = field(default_factory=dict)
    calls: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)

    def count(self, decision: Decision) -> None:
        """One more decision: of messages by which one it is, of those not sent by why, of results by what they are."""
        self.decisions[decision.topic] += 1
        named = _PARTS.get(decision.topic)
        if named is not None:
            part = decision.fields[named]
            if decision.fields.get("until") is not None:
                part += ", deferred"
            self.parts.setdefault(decision.topic, Counter())[part] += 1

    def table(self, seconds: float) -> Table:
        """The summary for people. seconds: how long the run took."""
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column()
        table.add_column(justify="right")
        table.add_column(style="dim")
        last = f"last received {format_instant(self.last)}" if self.last else ""
        table.add_row("events", f"{self.events:,}", last)
        if self.duplicates:
            table.add_row("  repeated", f"{self.duplicates:,}", "known message ids, dropped")
        table.add_row("shoppers", f"{self.shoppers:,}")
        for topic, number in self.decisions.items():
            table.add_row(topic, f"{number:,}")
            for part, share in sorted(self.parts.get(topic, {}).items()):
                table.add_row(f"  {part}", f"{share:,}")
        if self.calls:
            table.add_row(SEGMENT_CALLS, f"{self.calls:,}", "the same, as calls")
        table.add_row("dead letters", f"{self.dead_letters.total():,}")
        for reason, number in sorted(self.dead_letters.items()):
            table.add_row(f"  {reason}", f"{number:,}")
        for remark, number in sorted(self.remarks.items()):
            table.add_row(remark, f"{number:,}", "counted, not refused")
        table.add_row("events/s", f"{self.events / seconds if seconds > 0 else 0:,.0f}", f"in {seconds:,.1f} s")
        return table
