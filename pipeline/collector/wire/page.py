"""What the address of a page tells."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pipeline.collector.wire.request import present
from pipeline.domain.intake.campaign import campaign as of_query


def parts(url: str | None) -> dict[str, Any]:
    """`path` and `search`, as they stand in `context.page`."""
    try:
        split = urlsplit(url or "")
    except ValueError:
        return {}
    return present(path=split.path or None, search=f"?{split.query}" if split.query else None)


def campaign(url: str | None) -> Mapping[str, str]:
    """As `context.campaign` has it; empty if there is none."""
    return of_query(parts(url).get("search", "?")[1:])
