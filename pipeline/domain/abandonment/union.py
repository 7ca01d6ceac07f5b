"""The instances of two records of one person: who carries on, and what is over."""

from pipeline.domain.abandonment.browse import REMEMBERED
from pipeline.domain.abandonment.instance import OPEN, WAITING, Instances, cooldown_of, last_purchase
from pipeline.domain.abandonment.rule import BROWSE, CART, CHECKOUT, OF_CHECKOUTS, OF_PRODUCTS, Rule
from pipeline.domain.decision import Moment
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Instance, View

Lost = frozenset[tuple[bool, str]]


class Union:
    """Joins what abandonment keeps of another record to a shopper's. lost: see join_carts."""

    __slots__ = ("_instances", "_rules")

    def __init__(self, instances: Instances) -> None:
        self._instances, self._rules = instances, instances.rules

    def join(
        self, shopper: Shopper, other: Shopper, lost: Lost, purchases: tuple[int, int], moment: Moment
    ) -> dict[str, str]:
        """purchases: of the other record and of the shopper's, the latest order (event time, ms) before they met.
        Returns the names that the other record's instances have now, by those they had."""
        renamed: dict[str, str] = {}
        live = [(instance, False) for instance in shopper.instances if instance.state <= WAITING]
        self._join_cooldowns(shopper, other)
        for instance in other.instances:
            if instance.kind not in self._rules:
                continue
            cooldown = cooldown_of(shopper, instance.kind)
            cooldown.instances += 1
            before, instance.number = instance.name, cooldown.instances
            renamed[before] = instance.name
            shopper.instances.append(instance)
            if instance.state <= WAITING:
                live.append((instance, True))
        self._join_views(shopper, other)
        for instance, theirs in live:
            rule = self._rules.get(instance.kind)
            if rule is not None and self._is_over(instance, rule, theirs, lost, purchases[theirs]):
                self._instances.supersede(shopper, rule, instance)
        self._leave_one_each(shopper)
        self._keep_precedence(shopper)
        self._bound(shopper, moment)
        for instance in shopper.instances:
            rule = self._rules.get(instance.kind)
            if rule is not None and instance.state <= WAITING:
                rule.schedule(instance)
        return renamed

    def _is_over(self, instance: Instance, rule: Rule, theirs: bool, lost: Lost, purchase: int) -> bool:
        """Whether the other side's order concludes it, or its cart has lost. purchase: of the other side."""
        if purchase > instance.last_activity:
            return True
        return rule.kind not in OF_PRODUCTS and (theirs, instance.cart_id) in lost

    def _leave_one_each(self, shopper: Shopper) -> None:
        """Of those about one subject, and of checkouts altogether, the one with the latest activity carries on."""
        for rule in self._rules.values():
            latest: dict[str, Instance] = {}
            for one in [one for one in shopper.instances if one.state <= WAITING and one.kind == rule.name]:
                subject = "" if rule.kind in OF_CHECKOUTS else one.subject
                best = latest.setdefault(subject, one)
                if best is not one:
                    stale = one if one.last_activity <= best.last_activity else best
                    latest[subject] = best if stale is one else one
                    self._instances.supersede(shopper, rule, stale)

    def _keep_precedence(self, shopper: Shopper) -> None:
        if self._instances.live(shopper, CHECKOUT):
            self._instances.supersede_kind(shopper, CART)
            self._instances.supersede_kind(shopper, BROWSE)
        elif self._instances.live(shopper, CART):
            self._instances.supersede_kind(shopper, BROWSE)

    def _bound(self, shopper: Shopper, moment: Moment) -> None:
        for rule in self._rules.values():
            of_rule = [one for one in shopper.instances if one.kind == rule.name]
            of_rule.sort(key=lambda one: (one.state <= WAITING, one.last_activity, one.number))
            for one in of_rule[: max(0, len(of_rule) - OPEN)]:
                moment.remarks.append("abandonment_limit")
                shopper.instances.remove(one)

    def _join_cooldowns(self, shopper: Shopper, other: Shopper) -> None:
        """Numbers go on where both had come, so that none is given twice."""
        for theirs in other.cooldowns:
            ours = cooldown_of(shopper, theirs.kind)
            if ours.instances == 0:
                shopper.cooldowns.append(ours)
            ours.instances += theirs.instances
            if theirs.last_stage > ours.last_stage:
                ours.last_stage, ours.contents = theirs.last_stage, theirs.contents

    def _join_views(self, shopper: Shopper, other: Shopper) -> None:
        ours = {(one.kind, one.subject): one for one in shopper.views}
        for view in other.views:
            rule, known = self._rules.get(view.kind), ours.get((view.kind, view.subject))
            if known is None:
                shopper.views.append(View(view.kind, view.subject, view.times))
            elif rule is not None:
                known.times = sorted((*known.times, *view.times))[-max(1, rule.minimum_views) :]
        for kind in self._rules:
            of_rule = [view for view in shopper.views if view.kind == kind]
            for view in of_rule[:-REMEMBERED]:
                shopper.views.remove(view)


def purchases(shopper: Shopper, other: Shopper) -> tuple[int, int]:
    """The latest order of the other record and of the shopper's, event times in ms, 0 = none."""
    return last_purchase(other, cancelled=True), last_purchase(shopper, cancelled=True)
