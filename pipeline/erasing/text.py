"""What `afterclick erase` says, in lines."""

from collections.abc import Iterator
from typing import Any


def erased(data: dict[str, Any]) -> Iterator[str]:
    """Of a request: its receipt, or where it stands on the log."""
    line = data["receipt"]
    if line is None:
        yield f"Asked at {data['sent']}, request {data['request']}."
        return
    removed = {name: number for name, number in line["removed"].items() if name != "record"}
    held = ", ".join(f"{number:,} {name}" for name, number in removed.items() if number)
    what = held or "a record with none of these" if line["removed"]["record"] else "nothing was known"
    yield f"Erased at {line['effective_at']}: {what}."
    yield f"Receipt {line['id']} of {line['shopper']}, request {data['request']}."


def audited(data: dict[str, Any]) -> Iterator[str]:
    """Of an audit: each finding, and whether all is well."""
    receipt = data["receipt"]
    yield f"Erased at {receipt['effective_at']}, receipt {receipt['id']}; {data['identifiers']} identifiers looked for."
    for one in data["findings"]:
        mark = "may be" if one["allowed"] else "LEFT  "
        yield f"{mark}  {one['place']}: {one['count']:,} of {one['what']} (first {one['first']})"
    yield "Nothing is left where nothing may be." if data["clean"] else "Identifiers are left."
