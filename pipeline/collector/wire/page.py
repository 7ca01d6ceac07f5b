"""What the address of a page tells."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pipeline.collector.wire.request import FIELD_LIMIT, present


def parts(url: str | None) -> dict[str, Any]:
    """`path` and `search`, as they stand in `context.page`."""
    try:
        split = urlsplit(url or "")
    except ValueError:
        return {}
    return present(path=split.path or None, search=f"?{split.query}" if split.query else None)


def campaign(url: str | None) -> Mapping[str, str]:
    """Every utm_ parameter; utm_campaign is called `name` (wire-format.md, 2)."""
    query = parts(url).get("search", "?")[1:]
    try:
        fields = parse_qsl(query, max_num_fields=FIELD_LIMIT)
    except ValueError:
        return {}
    found = {key[4:]: value for key, value in fields if key.startswith("utm_")}
    if "campaign" in found:
        found["name"] = found.pop("campaign")
    return found
