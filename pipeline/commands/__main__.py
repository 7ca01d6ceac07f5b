"""`python -m pipeline.commands`: write docs/cli.md, the reference of the command line."""

from pathlib import Path

from pipeline.commands.reference import page

PAGE = Path(__file__).parents[2] / "docs/cli.md"

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
