"""Abandonment rules, compiled: when an instance is due, and what forbids a stage (readings.md, 31-35)."""

from collections.abc import Callable

from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.commerce.cart_line import Lines
from pipeline.domain.definition import Condition
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Instance, Line

BROWSE, CART, CHECKOUT = "browse", "cart", "checkout"
EXIT_INTENT, HESITATION, PAYMENT_FAILURE = "exit_intent", "checkout_hesitation", "payment_failure"
WISHLIST = "wishlist"

OF_PRODUCTS = frozenset({BROWSE, WISHLIST})
"""Kinds about one product each; the others are about a cart."""
OF_CHECKOUTS = frozenset({CHECKOUT, HESITATION, PAYMENT_FAILURE})
"""Kinds whose subject is a checkout."""

Guard = Callable[[Shopper, int], bool]
"""(shopper, now in ms) -> true now?"""


class Rule:
    """One entry of `abandonment:`. name: its name, the `kind` in outputs; kind: one of those above. events: names of
    those that arm it, of EXIT_INTENT and PAYMENT_FAILURE."""

    __slots__ = (
        "_continues",
        "_unless",
        "_when",
        "any_activity",
        "cool_down",
        "definition",
        "delays",
        "events",
        "expires",
        "identity",
        "kind",
        "minimum_views",
        "name",
        "of_visits",
        "restart",
        "window",
    )

    def __init__(self, definition: AbandonmentDefinition, guard: Callable[[Condition], Guard]) -> None:
        self.definition = definition
        self.name, self.kind, self.identity = definition.name, definition.kind, definition.identity
        self.delays, self.events = definition.stages, frozenset(definition.events)
        self.expires, self.window = definition.expires, definition.recovered_within
        self.cool_down, self.minimum_views = definition.cool_down, definition.minimum_views
        self.of_visits = definition.kind == BROWSE and definition.subject != "product"
        self.any_activity = definition.resets_on == "any_activity"
        self.restart = definition.on_activity == "restart"
        self._continues = definition.on_activity == "continue"
        self._when = None if definition.when is None else guard(definition.when)
        self._unless = None if definition.unless is None else guard(definition.unless)

    def stage_due(self, instance: Instance) -> int:
        """When its next stage is due, ms. Between stages activity holds it for the first delay (readings.md, 34)."""
        first = instance.last_activity + self.delays[0]
        sent = instance.stage_times
        if not sent:
            return first
        planned = sent[-1] + self.delays[len(sent)]
        return planned if self._continues or planned >= first else first

    def expiry(self, instance: Instance) -> int:
        """When it ends if nothing comes of it, ms. A stage at the same instant goes first (readings.md, 35)."""
        return instance.last_activity + self.expires

    def schedule(self, instance: Instance) -> None:
        """Set `due` of an instance that may still send a stage."""
        stage, expiry = self.stage_due(instance), self.expiry(instance)
        instance.due = stage if stage <= expiry else expiry

    def closes(self, instance: Instance) -> int:
        """Event time (ms) up to which, and exactly then, an order recovers it (readings.md, 36)."""
        return instance.stage_times[-1] + self.window

    def forbids(self, shopper: Shopper, lines: list[Line], values: Lines, purchase: int, now: int) -> bool:
        """Whether a stage due now must not be sent, which ends the instance (readings.md, 31).

        purchase: event time of the latest order that stands, ms, 0 = none.
        """
        definition = self.definition
        if self.kind == CART and not lines:
            return True
        if definition.minimum_value and values.total(lines) < definition.minimum_value:
            return True
        if purchase and now < purchase + definition.after_purchase:
            return True
        if self._when is not None and not self._when(shopper, now):
            return True
        return self._unless is not None and self._unless(shopper, now)
