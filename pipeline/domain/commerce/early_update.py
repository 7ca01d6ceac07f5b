"""Early updates: what an `Order Updated` that overtakes its order says of it, until the order is there.

The order book has the price that it leaves behind; what of it earns points is told by the rest of the event.
"""

from typing import Any

import msgspec

from pipeline.domain.commerce.order_book import leading
from pipeline.domain.decision import Moment
from pipeline.domain.event import decode_object
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import EarlyUpdate
from pipeline.domain.value.extent import KEPT_BYTES

# Kept at the same time; with more the oldest is forgotten, as is one of more than KEPT_BYTES.
UPDATES = 10


def keep_update(shopper: Shopper, order: int, properties: msgspec.Raw, moment: Moment) -> None:
    """In place of an earlier one of that order (its key). Remark: `update_limit`."""
    kept = [one for one in shopper.early_updates if one.order != order]
    if len(bytes(properties)) <= KEPT_BYTES:
        kept.append(EarlyUpdate(order, bytes(properties)))
    else:
        moment.remarks.append("update_limit")
    if len(kept) > UPDATES:
        moment.remarks.append("update_limit")
    shopper.early_updates = kept[-UPDATES:]


def take_update(shopper: Shopper, order: int) -> dict[str, Any] | None:
    """The properties of the latest update of an order that is there now; None if there was none. order: its key, also
    as a block gave it back."""
    for one in shopper.early_updates:
        if leading(one.order) == leading(order):
            shopper.early_updates = [other for other in shopper.early_updates if other is not one]
            return decode_object(msgspec.Raw(one.properties))
    return None
