"""The files that the documents' commands name: a shop's topology, another one, and its history in several forms."""

import gzip
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.documents.document import REPOSITORY
from tests.support.archived import enriched

TOPOLOGY = Path(__file__).with_name("topology.yaml")
_BEGIN = datetime(2026, 1, 5, 10, tzinfo=UTC)


def furnish(folder: Path) -> None:
    """Write them all; what a replay of them writes is not there yet."""
    topology = TOPOLOGY.read_text()
    for name in ("topology.yaml", "old.yaml"):
        (folder / name).write_text(topology)
    (folder / "new.yaml").write_text(topology.replace("at_least: 5, within: 1h", "at_least: 3, within: 1h"))
    calls = [*map(_left_behind, range(60)), *map(_call, range(40))]
    events = "".join(json.dumps(call) + "\n" for call in calls).encode()
    for name in ("events.ndjson", "orders.ndjson"):
        (folder / name).write_bytes(events)
    for name in ("events.ndjson.gz", "january.ndjson.gz", "2025.ndjson.gz"):
        (folder / name).write_bytes(gzip.compress(events))
    logs = folder / "segment-logs" / "2026"
    logs.mkdir(parents=True)
    (logs / "0001.gz").write_bytes(gzip.compress(events))
    (folder / "orders.csv").write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,Lantern,6,2025-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    )
    shutil.copytree(REPOSITORY / "docs/examples", folder / "docs/examples")
    shutil.copy(REPOSITORY / "docs/examples/online-retail.mapping.yaml", folder / "shop.mapping.yaml")
    (folder / "members.csv").write_text("shopper,points,since\nkim,120,2025-06-01\nlea,10,2025-06-01\n")
    (folder / "enriched").mkdir()
    (folder / "enriched" / "part-0").write_bytes(enriched() + b"\n")


def _left_behind(number: int) -> dict[str, Any]:
    """Others fill their carts, and are not seen again."""
    return _track(f"visitor-{number}", "Product Added", _product(number), timedelta(seconds=number))


def _call(number: int) -> dict[str, Any]:
    """Kim and Lea look around, put something in the cart, and buy now and then."""
    event, properties = "Product Viewed", _product(number)
    if number % 10 == 8:
        event = "Product Added"
    elif number % 10 == 9:
        event, properties = "Order Completed", {"order_id": f"O{number}", "total": 50, "products": [properties]}
    return _track("kim" if number % 4 else "lea", event, properties, timedelta(minutes=7 * (1 + number)))


def _product(number: int) -> dict[str, Any]:
    return {"product_id": f"P{number % 3}", "price": 25, "quantity": 1, "category": "Shoes"}


def _track(shopper: str, event: str, properties: dict[str, Any], after: timedelta) -> dict[str, Any]:
    happened = (_BEGIN + after).isoformat().replace("+00:00", "Z")
    return {
        "type": "track",
        "event": event,
        "userId": shopper,
        "messageId": f"{event} {after.total_seconds():g}",
        "timestamp": happened,
        "receivedAt": happened,
        "properties": properties,
    }
