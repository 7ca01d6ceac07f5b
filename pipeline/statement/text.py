"""A statement as people read it."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from pipeline.statement.audit import NOTHING, Step, faults

_COLUMNS = ("time", "entry", "points", "balance", "pending", "order", "lot", "expires", "cause")
_NUMBERS = frozenset({"points", "balance", "pending"})


def shown(shopper: str, programme: str, steps: Sequence[Step]) -> Iterator[str | Table]:
    """One programme: a table of its entries, and what an audit of them says."""
    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="right" if name in _NUMBERS else "left", no_wrap=True)
    for step in steps:
        table.add_row(*_row(step))
    last = steps[-1].entry
    yield f"{shopper} in {programme}: balance {last['balance']:,}, pending {last['pending']:,}"
    opening = steps[0].before
    if opening is not None and opening != NOTHING:
        yield f"What was before is not kept: it begins with balance {opening.balance:,}, pending {opening.pending:,}."
    yield table
    wrong = list(faults(steps))
    yield from wrong
    yield f"{len(wrong):,} of {len(steps):,} entries do not add up." if wrong else f"All {len(steps):,} entries add up."


def data(shopper: str, statements: dict[str, list[Step]]) -> dict[str, Any]:
    """The same as data."""
    return {
        "shopper": shopper,
        "programmes": {
            name: {
                "entries": [step.entry for step in steps],
                "balance": steps[-1].entry["balance"],
                "pending": steps[-1].entry["pending"],
                "faults": list(faults(steps)),
            }
            for name, steps in statements.items()
        },
    }


def _row(step: Step) -> tuple[str, ...]:
    entry = step.entry
    cause = entry["cause"]["message_id"] or entry["cause"]["kind"]
    return (
        entry["effective_at"],
        entry["entry"],
        f"{entry['points']:+,}",
        f"{entry['balance']:,}",
        f"{entry['pending']:,}" if entry["pending"] else "",
        entry["order_id"] or "",
        entry["lot"] or "",
        entry["expires_at"] or "",
        f"{cause}{'' if step.before is not None else '  <- does not add up'}",
    )
