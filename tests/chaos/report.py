"""The outcome of a chaos run, on the terminal and as docs/chaos.md."""

import os
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.run import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "chaos.md"

_PAGE = """\
<!-- Made by `{command}`; edit tests/chaos/report.py instead. -->
# Chaos on real brokers

Three Apache Kafka nodes, three workers, hundreds of shoppers with numbered calls, and faults without pause, on one
machine. When there is peace again, an auditor that knows none of Afterclick's code reads all topics `read_committed`,
recomputes from `clickstream` what must be in them, and compares record by record: each accepted event once, in order,
each decision once, with its instant, cause and content, and no other; no timer early, twice, or ahead of a record that
waited in a lagging intake; each record that can't be used in the dead letters, once; one state a shopper. Every event
counts in something that is published: views in a segment that is entered at each fifth of them, orders in the balance
after each, carts in the contents of reminders.

```
{command}
```

The seed decides faults and traffic. It ran on {date}, on {cores} cores that brokers, workers and traffic shared.

{table}

**{verdict}**

A 3-minute run is part of `make test` (`tests/chaos/test_chaos.py`); that the auditor can fail is shown by topics that
were tampered with (`tests/chaos/test_auditor.py`). What each fault leads to stands in
[failure-scenarios.md](failure-scenarios.md).
"""


def table(outcome: Outcome) -> str:
    """Faults and counts, as Markdown."""
    rows: list[tuple[str, str]] = [
        ("minutes of trouble", f"{outcome.minutes:.1f}"),
        ("kills (`kill -9`)", str(outcome.kills)),
        *((kind, str(count)) for kind, count in sorted(outcome.faults.items())),
        ("workers that ended by themselves, and were restarted", str(sum(outcome.exits.values()))),
        ("calls sent", f"{outcome.sent:,}"),
        *((what, f"{count:,}") for what, count in outcome.counts.items()),
        ("longest time without a decision meanwhile", f"{outcome.gap:.1f} s"),
        ("from peace to the end of the audit", f"{outcome.drained:.0f} s"),
        ("differences", str(len(outcome.differences))),
    ]
    return "\n".join(["| what | |", "|---|---:|", *(f"| {what} | {value} |" for what, value in rows)])


def write(outcome: Outcome, minutes: float) -> None:
    """Write the page."""
    verdict = "PASS: nothing differs." if outcome.passed else f"FAIL: {len(outcome.differences)} differences."
    PAGE.write_text(
        _PAGE.format(
            command=f"make chaos MINUTES={minutes:g} SEED={outcome.seed} REPORT=1",
            date=f"{datetime.now(UTC):%d %B %Y}",
            cores=os.cpu_count(),
            table=table(outcome),
            verdict=verdict,
        )
    )
