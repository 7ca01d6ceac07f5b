"""What the drivers of this folder share: where the collector is, who shops, and when."""

import os
from datetime import UTC, datetime, timedelta

HOST = os.environ["COLLECTOR"]
KNOWN = os.environ["KNOWN"]
ANONYMOUS = os.environ["ANONYMOUS"]
ORDER = [{"product_id": "P1", "price": 59.9, "quantity": 2}]
_OPENED = datetime.fromtimestamp(float(os.environ["OPENED"]), UTC)


def after(seconds: int) -> datetime:
    """That long after the visit began."""
    return _OPENED + timedelta(seconds=seconds)
