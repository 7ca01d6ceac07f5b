"""The report of `afterclick experiments` for people."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from pipeline.domain.value.money import exponent

_SPLITS = {"split": "the variants", "holdout_split": "the holdout"}


def shown(data: dict[str, Any]) -> Iterator[str | Table]:
    """experiments_data, as text and tables."""
    within = f"within {data['within']}" if data["within"] else "while they are followed"
    yield f"As of {data['as_of']}; orders {within}; intervals of {data['confidence']:.0%}."
    for experiment in data["experiments"]:
        layer = f" (layer {experiment['layer']})" if experiment["layer"] else ""
        yield ""
        yield f"{experiment['experiment']}{layer}"
        yield _table(experiment, data["confidence"])
        yield from _notes(experiment)


def _table(experiment: dict[str, Any], confidence: float) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column("arm", no_wrap=True)
    interval = f"{confidence:.0%}"
    for heading in ("share", "exposed", "converted", "rate", interval, f"against {experiment['control']}", interval):
        table.add_column(heading, no_wrap=True, justify="right")
    table.add_column("revenue", no_wrap=True, justify="right")
    for arm in experiment["arms"]:
        rate, difference = arm["rate"], arm["difference"]
        table.add_row(
            arm["arm"],
            "" if arm["percent"] is None else f"{arm['percent']:g}%",
            f"{arm['exposed']:,}",
            f"{arm['converted']:,}",
            "" if rate is None else f"{rate['estimate']:.2%}",
            "" if rate is None else f"{rate['low']:.2%} .. {rate['high']:.2%}",
            "" if difference is None else f"{difference['estimate'] * 100:+.2f}",
            "" if difference is None else f"{difference['low'] * 100:+.2f} .. {difference['high'] * 100:+.2f}",
            ", ".join(map(_money, arm["revenue"])),
        )
    return table


def _notes(experiment: dict[str, Any]) -> Iterator[str]:
    for name, words in _SPLITS.items():
        split = experiment[name]
        if split is not None and split["suspicious"]:
            yield f"  SUSPICIOUS: {words} did not come about as declared (p = {split['p']:.1g}); trust no rate here"
        elif split is not None:
            yield f"  {words} came about as declared (p = {split['p']:.2g})"
    still_open = sum(arm["still_open"] for arm in experiment["arms"])
    if still_open:
        yield f"  {still_open:,} have not ordered yet and still may"
    if experiment["several"]:
        yield f"  {experiment['several']:,} came into several arms and are left out"
    if experiment["earlier_definitions"]:
        yield f"  {experiment['earlier_definitions']:,} were exposed under another definition: not part of the splits"


def _money(money: dict[str, Any]) -> str:
    digits = exponent(money["currency"])
    return f"{money['amount'] / 10**digits:,.{digits}f} {money['currency']}"
