"""A liability report as people, spreadsheets and browsers read it."""

from collections.abc import Iterator
from csv import writer
from io import StringIO
from typing import Any
from xml.sax.saxutils import escape

from rich.table import Table

_BAR, _GAP, _LEFT, _WIDTH = 18, 6, 90, 760
_COLOUR, _INK = "#1b6e53", "#333333"


def shown(data: dict[str, Any]) -> Iterator[str | Table]:
    """Tables of each programme."""
    for name, each in data["programmes"].items():
        yield (
            f"{name}: {each['balance']:,} points outstanding in {each['accounts']:,} accounts,"
            f" {each['pending']:,} pending, {each['debt']:,} owed by shoppers"
        )
        yield (
            f"earned {sum(each['earned'].values()):,}, redeemed {each['redeemed']:,}, expired {each['expired']:,}:"
            f" breakage so far {percent(each['breakage'])}"
        )
        if each["faults"]:
            yield f"{each['faults']:,} entries do not add up; `afterclick ledger SHOPPER` shows which"
        yield ""
        yield _table(("expire in", "points"), each["outstanding"].items())
        yield ""
        yield _table(("earned by", "points"), each["earned"].items())
        yield ""
        yield _table(("tier", "members"), each["members"].items())
        yield ""
        yield _table(("moved", "shoppers"), ((_move(one), one["members"]) for one in each["movement"]))
        yield ""


def percent(millionths: int) -> str:
    """With two decimals, rounded down."""
    return f"{millionths // 10_000}.{millionths % 10_000 // 100:02d} %"


def _move(one: dict[str, Any]) -> str:
    return f"{one['from'] or '(joined)'} > {one['to']}"


def _table(names: tuple[str, str], rows: Any) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(names[0], no_wrap=True)
    table.add_column(names[1], justify="right", no_wrap=True)
    for name, number in rows:
        table.add_row(name, f"{number:,}")
    return table


def csv_of(data: dict[str, Any]) -> str:
    """A row a figure: programme, figure, of (month, rule, tier or move), number."""
    text = StringIO()
    rows = writer(text, lineterminator="\n")
    rows.writerow(("programme", "figure", "of", "number"))
    for name, each in data["programmes"].items():
        for figure, value in each.items():
            if figure == "movement":
                rows.writerows((name, figure, _move(one), one["members"]) for one in value)
            elif isinstance(value, dict):
                rows.writerows((name, figure, of, number) for of, number in value.items())
            else:
                rows.writerow((name, figure, "", value))
    return text.getvalue()


def plot_of(data: dict[str, Any]) -> str:
    """Bars of what expires in which month, and of the members by tier, as SVG. The same data gives the same bytes."""
    parts: list[str] = []
    y = 0
    for name, each in data["programmes"].items():
        for title, bars in (("points by month of expiry", each["outstanding"]), ("members by tier", each["members"])):
            y += 30
            parts.append(f'<text x="0" y="{y}" font-weight="bold">{escape(name)}: {title}</text>')
            y += 10
            for label, number in bars.items():
                parts += _bar(y, label, number, max(bars.values()))
                y += _BAR + _GAP
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y + 10}" font-family="sans-serif"'
        f' font-size="12" fill="{_INK}">\n{body}\n</svg>\n'
    )


def _bar(y: int, label: str, number: int, most: int) -> Iterator[str]:
    width = max(1, (_WIDTH - _LEFT - 100) * number // most) if number > 0 else 1
    middle = y + _BAR * 3 // 4
    yield f'<text x="{_LEFT - 8}" y="{middle}" text-anchor="end">{escape(label)}</text>'
    yield f'<rect x="{_LEFT}" y="{y}" width="{width}" height="{_BAR}" fill="{_COLOUR}"/>'
    yield f'<text x="{_LEFT + width + 6}" y="{middle}">{number:,}</text>'
