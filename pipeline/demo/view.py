"""Where the demo shows itself: the live screen of a terminal, or lines."""

from typing import Protocol

from rich.console import Console
from rich.live import Live

from pipeline.demo.cast import Cast
from pipeline.demo.screen import Screen, Vitals
from pipeline.demo.summary import progress
from pipeline.demo.tally import Tally
from pipeline.demo.ticker import Ticker

_LINE_EVERY = 5.0
_SENTENCES = 2


class View(Protocol):
    def show(self, tally: Tally, ticker: Ticker, vitals: Vitals, elapsed: float) -> None:
        """elapsed: s since the start."""
        ...

    def close(self) -> None: ...


class LiveView:
    """The terminal's alternate screen; what was on the terminal before is back after `close`."""

    def __init__(self, console: Console, cast: Cast) -> None:
        self._console = console
        self._screen = Screen(cast)
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._live.start()

    def show(self, tally: Tally, ticker: Ticker, vitals: Vitals, elapsed: float) -> None:
        self._live.update(self._screen.draw(tally, ticker, vitals, self._console.size.height), refresh=True)

    def close(self) -> None:
        self._live.stop()


class PlainView:
    """A line now and then, with the latest decisions under it."""

    def __init__(self, console: Console, cast: Cast) -> None:
        self._console = console
        self._cast = cast
        self._next = _LINE_EVERY
        self._told = 0

    def show(self, tally: Tally, ticker: Ticker, vitals: Vitals, elapsed: float) -> None:
        if elapsed < self._next:
            return
        self._next += _LINE_EVERY
        self._console.out(progress(tally, vitals, self._cast, elapsed), highlight=False)
        fresh = min(ticker.count - self._told, _SENTENCES)
        self._told = ticker.count
        for headline in list(ticker.shown)[-fresh:] if fresh else ():
            self._console.out(f"          {self._cast.clock(headline.at, '%H:%M')}  {headline.text}", highlight=False)

    def close(self) -> None:
        """Nothing is open."""
