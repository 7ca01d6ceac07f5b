"""How cost grows. Without names, all questions.

Usage: python -m benchmarks.growth [QUESTION ...] [--scale small|full]
"""

import argparse
import subprocess
import time
from importlib import import_module
from pathlib import Path

from benchmarks.engines import environment
from benchmarks.growth import table
from benchmarks.growth.growth import Growth
from benchmarks.growth.table import QUESTIONS

ROOT = Path(__file__).parents[2]
PLOT = ROOT / "benchmarks" / "plot"
IMAGES = ROOT / "docs" / "images"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.growth", description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"of {', '.join(QUESTIONS)}")
    parser.add_argument("--scale", choices=("small", "full"), default="full", help="small results are not kept")
    given = parser.parse_args()
    if unknown := set(given.questions) - set(QUESTIONS):
        parser.error(f"no such question: {', '.join(sorted(unknown))}; there are {', '.join(QUESTIONS)}")
    for name in given.questions or QUESTIONS:
        begun = time.monotonic()
        found: Growth = import_module(f"benchmarks.growth.{name}").measure(given.scale)
        result = found.write(name, given.scale)
        if given.scale == "full":
            draw(result, IMAGES / f"growth-{name}.svg")
        print(f"--- growth of {name}: {time.monotonic() - begun:.0f} s", flush=True)
    if given.scale == "full":
        table.main()


def draw(result: Path, target: Path) -> None:
    """The plot of a result, by the plotting environment."""
    python = environment.python_of("plot", PLOT / "requirements.lock")
    subprocess.run([str(python), str(PLOT / "growth.py"), str(result), str(target)], check=True)


if __name__ == "__main__":
    main()
