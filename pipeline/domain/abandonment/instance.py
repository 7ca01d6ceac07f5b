"""Instances: one life of one abandonment rule over one subject, from armed to closed (semantics.md, part 4).

States: ARMED (no stage sent), WAITING (for the next stage), EXHAUSTED (all stages sent), SUPERSEDED (a higher kind or
a newer checkout took over). The last two send no more, and wait for an order that recovers or retracts them.
An instance that is closed is removed from the record.
"""

from collections.abc import Iterable

from pipeline.domain.abandonment.rule import OF_PRODUCTS, Rule
from pipeline.domain.commerce.cart_line import fingerprint
from pipeline.domain.commerce.order_book import latest_orders
from pipeline.domain.decision import Moment
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Cooldown, Instance, Line

ARMED, WAITING, EXHAUSTED, SUPERSEDED = range(4)

# Open instances kept of one rule. A bot that views a whole catalogue must not make its record grow with it.
OPEN = 20


class Instances:
    """Arms, moves and ends the instances of the rules."""

    __slots__ = ("_kinds", "_late", "rules")

    def __init__(self, rules: Iterable[Rule], late: int) -> None:
        """late: how much later than its event time an order may come and still count, ms (`time.late.triggers`)."""
        self.rules = {rule.name: rule for rule in rules}
        self._kinds = frozenset(rule.kind for rule in self.rules.values())
        self._late = late

    def live(self, shopper: Shopper, kind: str) -> list[tuple[Rule, Instance]]:
        """Instances of rules of that kind that may still send a stage."""
        if kind not in self._kinds:
            return []
        rules = self.rules
        return [
            (rule, instance)
            for instance in shopper.instances
            if instance.state <= WAITING and (rule := rules.get(instance.kind)) is not None and rule.kind == kind
        ]

    def running(self, shopper: Shopper, rule: Rule, subject: str) -> Instance | None:
        """The one that may still send a stage about that subject."""
        for instance in shopper.instances:
            if instance.state <= WAITING and instance.subject == subject and instance.kind == rule.name:
                return instance
        return None

    def arm(
        self, shopper: Shopper, rule: Rule, subject: str, at: int, cart_id: str, lines: list[Line], moment: Moment
    ) -> Instance | None:
        """A new instance, active since event time `at`; None if a cool-down or a purchase since then forbids it.

        An activity that is older than an order known already was concluded by that order. lines: what a cool-down
        compares with those of the last stage (readings.md, 38).
        """
        if at < last_purchase(shopper, cancelled=True):
            return None
        cooldown = cooldown_of(shopper, rule.name)
        if moment.now < cooldown.last_stage + rule.cool_down and fingerprint(lines) == cooldown.contents:
            return None
        return self._begin(shopper, rule, cooldown, subject, at, cart_id, lines, moment)

    def touch(self, shopper: Shopper, rule: Rule, instance: Instance, at: int, moment: Moment) -> None:
        """Own activity at event time `at` (readings.md, 34). One that is not newer than what was known begins nothing
        anew: it would send the first stage a second time at once."""
        if rule.restart and instance.state == WAITING and at > instance.last_activity:
            self.supersede(shopper, rule, instance)
            subject, cart_id = instance.subject, instance.cart_id
            cooldown = cooldown_of(shopper, rule.name)
            begun = self._begin(shopper, rule, cooldown, subject, at, cart_id, instance.lines, moment)
            begun.reason = instance.reason
            return
        if at > instance.last_activity:
            instance.last_activity = at
            rule.schedule(instance)

    def supersede(self, shopper: Shopper, rule: Rule, instance: Instance) -> None:
        """It sends no more. With a stage sent it can still be recovered or retracted, else it is closed."""
        if instance.stage_times:
            self.rest(rule, instance, SUPERSEDED)
        else:
            shopper.instances.remove(instance)

    def supersede_kind(self, shopper: Shopper, kind: str, spared: Instance | None = None) -> None:
        for rule, instance in self.live(shopper, kind):
            if instance is not spared:
                self.supersede(shopper, rule, instance)

    def rest(self, rule: Rule, instance: Instance, state: int) -> None:
        """Keep it for orders. It closes when `recovered_within` has passed, but an order of before may come later by
        as much as `time.late.triggers` (readings.md, 51), and exactly then as well."""
        instance.state = state
        instance.due = rule.closes(instance) + self._late + 1

    def _begin(
        self,
        shopper: Shopper,
        rule: Rule,
        cooldown: Cooldown,
        subject: str,
        at: int,
        cart_id: str,
        lines: list[Line],
        moment: Moment,
    ) -> Instance:
        shopping = shopper.opened()
        if len(shopping.instances) >= OPEN:
            self._make_room(shopper, rule, moment)
        if cooldown.instances == 0:
            shopping.cooldowns.append(cooldown)
        cooldown.instances += 1
        own = lines if rule.kind in OF_PRODUCTS else []
        instance = Instance(rule.name, subject, cooldown.instances, ARMED, at, at, cart_id=cart_id, lines=own)
        rule.schedule(instance)
        shopping.instances.append(instance)
        return instance

    def _make_room(self, shopper: Shopper, rule: Rule, moment: Moment) -> None:
        of_rule = [one for one in shopper.instances if one.kind == rule.name]
        if len(of_rule) >= OPEN:
            moment.remarks.append("abandonment_limit")
            stalest = min(of_rule, key=lambda one: (one.state <= WAITING, one.last_activity, one.number))
            shopper.instances.remove(stalest)


def cooldown_of(shopper: Shopper, kind: str) -> Cooldown:
    """What is remembered of that kind; a blank one, not yet in the record, if nothing is."""
    for cooldown in shopper.cooldowns:
        if cooldown.kind == kind:
            return cooldown
    return Cooldown(kind)


def last_purchase(shopper: Shopper, *, cancelled: bool) -> int:
    """Event time (ms) of the latest completed order, 0 = none; cancelled: look at cancelled orders too."""
    shopping = shopper.opened()
    for order in latest_orders(shopper) if shopping.orders or shopping.filed_orders else ():
        if order.completed and (cancelled or not order.cancelled):
            return order.time
    return 0
