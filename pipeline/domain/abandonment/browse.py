"""Views that are left behind: what counts towards `minimum_views`, and when browsing arms (readings.md, 39)."""

from bisect import insort
from typing import Any

from pipeline.domain.abandonment.instance import Instances
from pipeline.domain.abandonment.rule import BROWSE, CART, CHECKOUT, Rule
from pipeline.domain.commerce.cart import DEFAULT
from pipeline.domain.commerce.cart_line import Lines
from pipeline.domain.decision import Moment
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Line, View
from pipeline.domain.value.instant import DAY

PRODUCT_VIEWED = "Product Viewed"
COUNTED_WITHIN = 7 * DAY
REMEMBERED = 20


class Browsing:
    """Takes views: they keep a running instance of their subject alive, or count until they arm one.

    names: of the events that it takes.
    """

    __slots__ = ("_instances", "_rules", "_values", "names")

    def __init__(self, instances: Instances, values: Lines) -> None:
        self._instances = instances
        self._values = values
        self._rules = tuple(rule for rule in instances.rules.values() if rule.kind == BROWSE)
        self.names = frozenset({PRODUCT_VIEWED}) if self._rules else frozenset()

    def take(self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        """One of `names`."""
        at = event.time
        line = self._values.view(properties, at, moment.remarks)
        for rule in self._rules:
            subject = str(shopper.sessions) if rule.of_visits else line.product_id or DEFAULT
            instance = self._instances.running(shopper, rule, subject)
            if instance is None:
                self._arm(shopper, rule, subject, at, line, moment)
                continue
            if at >= instance.last_activity:
                instance.lines = [line]
            self._instances.touch(shopper, rule, instance, at, moment)

    def _arm(self, shopper: Shopper, rule: Rule, subject: str, at: int, line: Line, moment: Moment) -> None:
        if rule.minimum_views > 1 and not _enough(shopper, rule, subject, at, moment.now):
            return
        if any(self._instances.live(shopper, kind) for kind in (CART, CHECKOUT)):
            return
        armed = self._instances.arm(shopper, rule, subject, at, "", [line], moment)
        if armed is not None and rule.minimum_views > 1:
            shopper.views = [view for view in shopper.views if view.kind != rule.name or view.subject != subject]


def _enough(shopper: Shopper, rule: Rule, subject: str, at: int, now: int) -> bool:
    """Count this view; whether `minimum_views` of the last 7 days are reached. REMEMBERED subjects a rule are kept,
    those viewed last."""
    views = shopper.views
    for index, view in enumerate(views):
        if view.subject == subject and view.kind == rule.name:
            views.append(views.pop(index))
            break
    else:
        of_rule = [view for view in views if view.kind == rule.name]
        if len(of_rule) >= REMEMBERED:
            views.remove(of_rule[0])
        view = View(rule.name, subject, [])
        views.append(view)
    insort(view.times, at)
    horizon = now - COUNTED_WITHIN
    view.times = [time for time in view.times[-rule.minimum_views :] if time > horizon]
    return len(view.times) >= rule.minimum_views
