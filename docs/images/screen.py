"""Draws docs/images/demo.svg, the demo's screen after a real run: `python docs/images/screen.py [SECONDS]`."""

import re
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from pipeline.config.settings import process_environment
from pipeline.config.topology import load
from pipeline.demo.cast import cast_of
from pipeline.demo.demo import Demo, Wish
from pipeline.demo.screen import Screen

TARGET = Path(__file__).with_name("demo.svg")
TOPOLOGY = Path(__file__).parents[2] / "topology.yaml"
WIDTH, HEIGHT = 100, 30


def screen(seconds: float) -> str:
    """The screen at the end of a run of so many seconds, as SVG that asks nobody for a font."""
    wish = Wish(topology=TOPOLOGY, speed=600, rate=150, seconds=seconds, input=None, plain=True, keep=False)
    demo = Demo(wish, process_environment(), Console())
    demo.run()
    console = Console(record=True, force_terminal=True, width=WIDTH, height=HEIGHT, file=StringIO())
    cast = cast_of(load(TOPOLOGY, {}))
    console.print(Screen(cast).draw(demo.tally, demo.ticker, demo.vitals, HEIGHT), height=HEIGHT)
    picture = console.export_svg(title="make demo", theme=MONOKAI, unique_id="demo")
    return re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)


if __name__ == "__main__":
    TARGET.write_text(screen(float(sys.argv[1]) if len(sys.argv) > 1 else 150), encoding="utf-8")
