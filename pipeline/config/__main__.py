"""`python -m pipeline.config`: write what is made of the models: the JSON Schema for editors,
the reference, and the page of the library."""

import sys
from pathlib import Path

from pipeline.config import library_page, reference_page, schema


def write(root: Path) -> None:
    """Write them under the root of the repository."""
    (root / schema.SCHEMA).write_text(schema.text(), encoding="utf-8")
    (root / reference_page.PAGE).write_text(reference_page.page(), encoding="utf-8")
    (root / library_page.PAGE).write_text(library_page.page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
