"""Recovery and retraction: what an order makes of the instances that are open (readings.md, 36, 37 and 51).

Any order of the shopper concludes all of them; what ties it to one best is told as `reason`, by the priority of
semantics.md, part 4. The order counts by its event time: stages that it precedes are taken back, a stage that still
stands is recovered.
"""

from typing import Any

import msgspec

from pipeline.domain.abandonment.instance import WAITING
from pipeline.domain.abandonment.rule import OF_CHECKOUTS, Rule
from pipeline.domain.abandonment.trigger import RECOVERED, RETRACTED, Triggers
from pipeline.domain.commerce.cart import find_cart
from pipeline.domain.commerce.cart_line import read_text
from pipeline.domain.decision import Moment
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Instance, Line

LATE_ORDER = "late_order"


class Purchase(msgspec.Struct, gc=False):
    """An Order Completed, the first of its order. at: event time, ms. before: by cart, the lines before it took any."""

    at: int
    order_id: str
    properties: dict[str, Any]
    before: dict[str, list[Line]]


class Recovery:
    """Concludes instances by an order that is seen for the first time."""

    __slots__ = ("_rules", "_triggers")

    def __init__(self, rules: dict[str, Rule], triggers: Triggers) -> None:
        self._rules = rules
        self._triggers = triggers

    def conclude(self, shopper: Shopper, order: Purchase, moment: Moment) -> None:
        """Close all that is open, save what closed before the order by its event time."""
        open_still: list[Instance] = []
        for instance in shopper.instances:
            rule = self._rules.get(instance.kind)
            if rule is None:
                continue
            concluded = bool(instance.stage_times) and self._tell(shopper, rule, instance, order, moment)
            if not concluded and instance.state > WAITING:
                open_still.append(instance)
        shopper.instances = open_still

    def _tell(self, shopper: Shopper, rule: Rule, instance: Instance, order: Purchase, moment: Moment) -> bool:
        """Emit what the order means to an instance with a stage; False if it came after the instance closed."""
        sent = instance.stage_times
        stands = sum(1 for time in sent if time < order.at)
        recovered = stands > 0 and order.at <= sent[stands - 1] + rule.window
        if stands == len(sent) and not recovered:
            return False
        lines = instance.lines
        if not lines:
            cart = find_cart(shopper.carts, instance.cart_id)
            lines = order.before.get(instance.cart_id) or (cart.lines if cart is not None else [])
        emit = self._triggers.emit
        if stands < len(sent):
            retracts = instance.stage_ids[stands:]
            emit(moment, rule, instance, RETRACTED, len(sent), lines, LATE_ORDER, "", retracts, order.order_id)
        if recovered:
            reason = _match(rule, instance, order.properties, lines)
            emit(moment, rule, instance, RECOVERED, stands, lines, reason, "", None, order.order_id)
        return True


def _match(rule: Rule, instance: Instance, properties: dict[str, Any], lines: list[Line]) -> str:
    if rule.kind in OF_CHECKOUTS:
        for key in ("checkout_id", "order_id"):
            if read_text(properties.get(key)) == instance.subject:
                return key
    if instance.cart_id and read_text(properties.get("cart_id")) == instance.cart_id:
        return "cart_id"
    products = properties.get("products")
    bought = {
        read_text(product.get("product_id")) or read_text(product.get("sku"))
        for product in (products if type(products) is list else ())
        if type(product) is dict
    }
    return "products" if any(line.product_id in bought for line in lines) else "any_order"
