"""The CDNOW purchases (Fader and Hardie) as plain values and as calls; nothing of the engine.

They come inside the wheel of the package `lifetimes`, which `make setup` puts beside the environment's packages, never
among them. A line is one purchase: customer, day, CDs, dollars. The time is the beginning of that day in New York, so
that several purchases of a customer may have one time; their order in the file is the order in which they happened.
All of it is moved from 1997 and 1998 to 2005 and 2006: a time before 2000 is refused as damaged (wire-format.md).
"""

import json
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
_WHEELS = Path(sys.prefix) / "data"
_MEMBER = "lifetimes/datasets/CDNOW_master.txt"
_YEARS_LATER = 8


class Purchase(NamedTuple):
    """number: line of the file. time: ms since the epoch. cents: what was paid."""

    number: int
    customer: str
    time: int
    cds: int
    cents: int


def read_purchases() -> list[Purchase]:
    """All purchases by time. Raises FileNotFoundError if `make setup` has not been run."""
    wheel = next((one for one in _WHEELS.glob("*.whl") if one.name.lower().startswith("lifetimes-")), None)
    if wheel is None:
        raise FileNotFoundError(f"no wheel of lifetimes in {_WHEELS}: run make setup")
    with ZipFile(wheel) as archive:
        rows = archive.read(_MEMBER).decode().splitlines()[1:]
    found = []
    for number, row in enumerate(rows, 1):
        customer, day, cds, dollars = row.split()
        whole, _, fraction = dollars.partition(".")
        assert len(fraction) == 2
        begin = datetime(int(day[:4]) + _YEARS_LATER, int(day[4:6]), int(day[6:]), tzinfo=ZONE)
        found.append(Purchase(number, customer, round(begin.timestamp()) * 1000, int(cds), int(whole + fraction)))
    return sorted(found, key=lambda one: (one.time, one.number))


def histories(purchases: list[Purchase]) -> dict[str, list[Purchase]]:
    """What each customer bought, in order."""
    found: dict[str, list[Purchase]] = defaultdict(list)
    for one in purchases:
        found[one.customer].append(one)
    return found


def write_calls(purchases: list[Purchase], path: Path) -> None:
    """An Order Completed each, as a client sends it."""
    with path.open("w") as file:
        for one in purchases:
            call = {
                "type": "track",
                "event": "Order Completed",
                "userId": one.customer,
                "messageId": f"purchase-{one.number}",
                "timestamp": datetime.fromtimestamp(one.time / 1000, UTC).isoformat(),
                "properties": {
                    "order_id": str(one.number),
                    "total": f"{one.cents // 100}.{one.cents % 100:02d}",
                    "cds": one.cds,
                },
            }
            file.write(json.dumps(call) + "\n")
