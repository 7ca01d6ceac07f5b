"""A shopper's history, folded into pieces of state alone: nothing is decided, and no timer is looked at."""

from collections.abc import Set

from pipeline.domain.commerce.order import DUPLICATE, ORDER_EVENTS, Orders
from pipeline.domain.decision import KIND_EVENT, Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import BEHAVIOUR, Event, decode_object
from pipeline.domain.hot_key import HotKeys
from pipeline.domain.message import take_message
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.edge import EdgeWatch
from pipeline.domain.segments.frame import Frame, Lifetime
from pipeline.domain.segments.sequence import SequenceWatch
from pipeline.domain.segments.window import Folded
from pipeline.domain.shopper import Shopper
from pipeline.domain.window_definition import Since, Within


class _Remembering(Conditions):
    """Nothing is forgotten for want of the event since which a window counts: the record may know it."""

    def frame(self, within: Within) -> Frame:
        frame = super().frame(within)
        return Lifetime() if isinstance(within, Since) else frame


class History:
    """Folds events as `Engine.decide` does, into the pieces that `keep` was last told of, in records of its own.

    Repeated message ids and orders count once, late events do not count, so far as the events told go back.
    """

    def __init__(self, plan: Plan) -> None:
        self._tenant, self._late = plan.name, plan.late_segments
        self._orders = Orders(plan)
        self._hot_keys = HotKeys(plan.hot_keys) if plan.hot_keys is not None else None
        self._conditions = _Remembering.compiled(plan, plan.conditions(), plan.traits)
        self._keep: Set[int] = frozenset()
        self._folding: dict[str, tuple[list[Folded], list[EdgeWatch], list[SequenceWatch]]] = {}

    @property
    def sequences(self) -> frozenset[int]:
        """Which of the pieces are sequences."""
        return frozenset(self._conditions.sequences)

    def keep(self, pieces: Set[int]) -> None:
        self._keep, self._folding = pieces, {}

    def fold(self, shopper: Shopper, event: Event, now: int) -> None:
        """now: received time, ms, as raised."""
        shopper.now = now = max(now, shopper.now)
        if take_message(shopper, event.message_id, event.body, now) is not None:
            return
        remarks: list[str] = []
        if self._hot_keys is not None and self._hot_keys.leaves_out(shopper, event, remarks):
            return
        behaviour = event.type in BEHAVIOUR
        repeated = behaviour and event.name in ORDER_EVENTS and self._repeats(shopper, event, now)
        if now - event.time > self._late:
            return
        zones = self._conditions.zones
        if zones is not None and zones.key in self._keep and event.timezone and not zones.confirms(shopper, event):
            zones.take(shopper, event, remarks)
        if not behaviour or repeated:
            return
        windows, edges, sequences = self._rules(event.name)
        if windows or edges or sequences:
            properties = decode_object(event.properties)
            for window in windows:
                window.take(shopper, event.time, properties, remarks)
            for edge in edges:
                edge.take(shopper, event, properties, remarks)
            for sequence in sequences:
                sequence.take(shopper, event, properties, remarks)

    def _repeats(self, shopper: Shopper, event: Event, now: int) -> bool:
        moment = Moment(self._tenant, event.shopper, now, KIND_EVENT, event.message_id, [], [])
        changes = self._orders.fold(shopper, event, decode_object(event.properties), moment)
        return any(change.kind == DUPLICATE for change in changes)

    def _rules(self, name: str) -> tuple[list[Folded], list[EdgeWatch], list[SequenceWatch]]:
        found = self._folding.get(name)
        if found is None:
            names, keep, all_ = {name, "*"}, self._keep, self._conditions
            found = self._folding[name] = (
                [one for key, (one, of) in all_.windows.items() if key in keep and not names.isdisjoint(of)],
                [one for key, (one, of) in all_.edges.items() if key in keep and not names.isdisjoint(of)],
                [one for key, one in all_.sequences.items() if key in keep and not names.isdisjoint(one.events)],
            )
        return found
