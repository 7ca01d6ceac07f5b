"""Experiments: messages with variants, and messages that some shoppers are held out of (semantics.md, part 8).

A shopper takes part from the first message that is sent, or that is sent to others and held back, and that is told
once, as the exposure. A message from whose experiment a layer keeps the shopper is sent without a variant.
"""

from typing import Any, NamedTuple

from pipeline.domain.correspondence import Correspondence
from pipeline.domain.decision import EXPERIMENT_EXPOSURES, Decision, Moment
from pipeline.domain.message_definition import MessageDefinition, MessagingDefinition
from pipeline.domain.messaging.assignment import HELD_OUT, PLAIN, Layers, variant_of

EXPOSED, CONVERTED = "exposed", "converted"


class Arm(NamedTuple):
    """What a shopper gets of a message. new: by it the shopper comes to take part in the experiment."""

    variant: str | None
    new: bool


class Experiments:
    """The experiments of a topology."""

    __slots__ = ("_held_out", "_layers")

    def __init__(self, messaging: MessagingDefinition) -> None:
        self._held_out = messaging.holdout is not None
        self._layers = Layers(messaging.layers)

    def arm(self, kept: Correspondence, message: MessageDefinition, moment: Moment) -> Arm:
        """What the shopper gets of a message that is sent; kept from now on."""
        name = message.experiment
        is_one = bool(message.variants) or (self._held_out and not message.transactional)
        if not is_one or not self._layers.let_in(kept, name, moment.tenant, moment.shopper):
            return Arm(None, new=False)
        variant = variant_of(kept, name, message.variants, moment.tenant, moment.shopper)
        arm = PLAIN if variant is None else variant
        new = kept.variants.get(name) != arm
        kept.variants[name] = arm
        return Arm(variant, new)

    def hold_out(self, kept: Correspondence, message: MessageDefinition, moment: Moment) -> bool:
        """Note that a message is held back for the holdout alone; whether the shopper takes part by that."""
        name = message.experiment
        if name in kept.variants or not self._layers.let_in(kept, name, moment.tenant, moment.shopper):
            return False
        kept.variants[name] = HELD_OUT
        return True

    def tell(
        self, message: MessageDefinition, change: str, told: str, fields: dict[str, Any], moment: Moment
    ) -> Decision:
        """Tell that a shopper takes part from now on, or what came of it. told: what tells it from all others of the
        message's experiment. fields: those that are not as by default."""
        line = {
            "experiment": message.experiment,
            "change": change,
            "variant": None,
            "holdout": False,
            "layer": self._layers.name_of(message.experiment),
            "message": message.name,
            "trigger": None,
            "exposure": None,
            "happened_at": moment.now,
            "order_id": None,
            "revenue": None,
            "time_to_order": None,
            **fields,
        }
        identity = (message.experiment, change, told)
        return moment.decide(EXPERIMENT_EXPOSURES, f"experiment.{change}", message.identity, identity, line)
