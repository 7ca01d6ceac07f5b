"""The live view: one screen, readable from 80 columns and 24 lines upwards."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.demo.cast import Cast
from pipeline.demo.sentence import money
from pipeline.demo.tally import AbandonmentTally, Tally
from pipeline.demo.ticker import VISITOR, Ticker

_BORDER = 2
_HEAD = 2
_FOOT = 1
_LEAST_DECISIONS = 5
_COLOURS: Mapping[str, str] = {
    "segment-changes entered": "green",
    "segment-changes exited": "bright_black",
    "abandonment-triggers abandoned": "yellow",
    "abandonment-triggers recovered": "bold green",
    "abandonment-triggers retracted": "magenta",
    "loyalty-tiers joined": "cyan",
    "loyalty-tiers upgraded": "bold cyan",
    "loyalty-tiers downgraded": "red",
}


@dataclass(slots=True)
class Vitals:
    """What the records do not tell. rate: events/s. lag: source records not taken yet, None = not known yet.
    foot: a line about what goes on."""

    rate: float = 0.0
    lag: int | None = None
    foot: str = ""


class Screen:
    """Draws what was seen into `height` lines; what has no room is left out, decisions last."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast

    def draw(self, tally: Tally, ticker: Ticker, vitals: Vitals, height: int) -> RenderableType:
        segments = _bars({name: tally.members[name] for name in self._cast.segments}, "green")
        left = [_block("segments: members now", segments)]
        right = [_block("left behind: reminders sent", self._abandonment(tally))] if self._cast.stages else []
        for programme, levels in self._cast.tiers.items():
            holders = tally.tiers.get(programme, Counter())
            bars = _bars({level: holders[level] for level in levels}, "cyan")
            right.append(_block(f"{programme}: members by tier", bars))
        room = height - _HEAD - _FOOT
        middle = min(max(_height(left), _height(right)), room - _LEAST_DECISIONS - _BORDER)
        if middle <= _BORDER:
            return Group(
                self._head(tally, vitals), Text("This terminal is too small; 80 columns and 24 lines will do.")
            )
        layout, rules = Layout(), Layout(size=middle)
        rules.split_row(_stack(left, middle), _stack(right, middle))
        layout.split_column(
            Layout(self._head(tally, vitals), size=_HEAD),
            rules,
            Layout(self._decisions(ticker, room - middle - _BORDER)),
            Layout(Text(f" {vitals.foot}", style="bright_black", no_wrap=True, overflow="ellipsis"), size=_FOOT),
        )
        return layout

    def _head(self, tally: Tally, vitals: Vitals) -> RenderableType:
        title = Table.grid(expand=True)
        title.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        title.add_column(justify="right", no_wrap=True)
        time = self._cast.clock(tally.now, "%A, %d %B %Y  %H:%M") if tally.now else ""
        title.add_row(Text(f" afterclick · {self._cast.name}", style="bold"), Text(f"{time} ", style="bold"))
        dead = tally.dead_letters.total()
        lagging = vitals.lag is not None and vitals.lag >= 1000
        cells = [
            _figure(f"{vitals.rate:,.0f}", "events/s", "bold green"),
            _figure(f"{tally.events:,}", "events", "bold"),
            _figure(f"{len(tally.shoppers):,}", "shoppers", "bold"),
            _figure(f"{tally.decided:,}", "decisions", "bold cyan"),
            _figure("?" if vitals.lag is None else f"{vitals.lag:,}", "lag", "bold yellow" if lagging else "bold"),
            _figure(f"{dead:,}", "dead letters", "bold red" if dead else "bold"),
        ]
        figures = Table.grid(expand=True)
        for _ in cells:
            figures.add_column(justify="center", no_wrap=True)
        figures.add_row(*cells)
        return Group(title, figures)

    def _abandonment(self, tally: Tally) -> Table:
        stages = self._cast.stages
        numbers = range(1, max(stages.values(), default=0) + 1)
        table = Table.grid(expand=True, padding=(0, 1))
        table.add_column(no_wrap=True, overflow="ellipsis")
        for _ in numbers:
            table.add_column(justify="right", no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(justify="right", no_wrap=True, ratio=1)
        table.add_row("", *(f"{number}." for number in numbers), "back", "won", style="bright_black")
        for name, count in stages.items():
            its = tally.abandonment.get(name, AbandonmentTally())
            sent = [Text(f"{its.stages[number]:,}" if number <= count else "", style="yellow") for number in numbers]
            won = money({"amount": its.won, "currency": self._cast.currency})
            table.add_row(name, *sent, Text(f"{its.recovered:,}", style="bold green"), Text(won, style="green"))
        return table

    def _decisions(self, ticker: Ticker, lines: int) -> Panel:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(no_wrap=True, style="bright_black")
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        for headline in list(ticker.shown)[-max(lines, 1) :]:
            text = Text(headline.text, style=_COLOURS.get(headline.sort.removeprefix(f"{VISITOR} "), ""))
            table.add_row(self._cast.clock(headline.at, "%H:%M"), text)
        return _panel("decisions", table)


def _block(title: str, table: Table) -> tuple[Panel, int]:
    """A panel and its height."""
    return _panel(title, table), table.row_count + _BORDER


def _height(blocks: Iterable[tuple[Panel, int]]) -> int:
    return sum(height for _, height in blocks)


def _stack(blocks: list[tuple[Panel, int]], room: int) -> Layout:
    """As many blocks as there is room for; the last one takes what is left."""
    fitting: list[Layout] = []
    for panel, height in blocks:
        if room <= _BORDER:
            break
        fitting.append(Layout(panel, size=min(height, room)))
        room -= height
    stack = Layout(Text(""))
    if fitting:
        fitting[-1].size = None
        stack.split_column(*fitting)
    return stack


def _panel(title: str, inside: RenderableType) -> Panel:
    return Panel(inside, title=title, title_align="left", border_style="bright_black", padding=(0, 1))


def _figure(figure: str, name: str, colour: str) -> Text:
    return Text.assemble((figure, colour), f" {name}")


def _bars(counts: Mapping[str, int], colour: str) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=20)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True, min_width=4)
    most = max([1, *counts.values()])
    for name, count in counts.items():
        table.add_row(name, Bar(most, 0, max(count, 0), color=colour), Text(f"{count:,}", style="bold"))
    return table
