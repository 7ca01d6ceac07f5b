"""The readings of a plan: what events of each name, and of none, have to do with its rules."""

from pipeline.domain.abandonment.abandonment import Abandonment
from pipeline.domain.commerce.cart import CART_EVENTS
from pipeline.domain.commerce.order import ORDER_EVENTS
from pipeline.domain.event import BEHAVIOUR, OF_OTHERS, Event
from pipeline.domain.messaging.consent_event import CONSENT_EVENTS
from pipeline.domain.reading import Reading, index_of
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.derivation import Derivations
from pipeline.domain.segments.segment import CART, CONSENT, ORDERS, REFERRED, TRAITS, Segments


class Readings:
    """Made once for each name that a rule mentions; where an event moves more than its name says, when it first does.

    All that a plan folds must have been compiled by `conditions` before.
    """

    def __init__(
        self,
        conditions: Conditions,
        segments: Segments,
        derivations: Derivations,
        abandonment: Abandonment,
        asking: frozenset[str],
        earning: frozenset[str] = frozenset(),
        *,
        messaging: bool,
    ) -> None:
        """asking: names of events that messages are about. earning: of events that loyalty looks at beside orders.
        messaging: there are messages, which may be about any decision."""
        self._asking, self._earning, self._messaging = asking, earning, messaging
        self._conditions, self._segments = conditions, segments
        self._derivations, self._abandonment = derivations, abandonment
        named = {name for _, events in conditions.windows.values() for name in events}
        named.update(name for _, events in conditions.edges.values() for name in events)
        named.update(name for one in conditions.sequences.values() for name in one.events)
        named.update(CART_EVENTS, ORDER_EVENTS, CONSENT_EVENTS, abandonment.names, asking, earning)
        self._tracks = {name: self._reading(name, behaviour=True) for name in sorted(named)}
        self._other_tracks = self._reading("", behaviour=True)
        self._quiet = self._reading("", behaviour=False)
        self._identify = self._reading(TRAITS, behaviour=False)
        self._referral = self._reading(REFERRED, behaviour=False)
        self._wider: dict[tuple[str, bool, frozenset[str]], Reading] = {}

    def of(self, event: Event) -> Reading:
        """The rules that an event touches by its name."""
        if event.type in BEHAVIOUR:
            return self._tracks.get(event.name, self._other_tracks)
        if event.type in OF_OTHERS:
            return self._referral
        return self._identify if event.type == "identify" else self._quiet

    def wider(self, reading: Reading, cause: str) -> Reading:
        """The reading of an event that also is `cause`, as ZONE or CONSENT: what any call may tell of."""
        which = (reading.name, reading.behaviour, reading.beside | {cause})
        if which not in self._wider:
            name, behaviour, beside = which
            self._wider[which] = self._reading(name, behaviour=behaviour, beside=beside)
        return self._wider[which]

    def _reading(self, name: str, *, behaviour: bool, beside: frozenset[str] = frozenset()) -> Reading:
        conditions, own = self._conditions, self._abandonment.names
        names = {name, "*"} if behaviour else {name}
        windows = tuple(one for one, events in conditions.windows.values() if not names.isdisjoint(events))
        edges = tuple(one for one, events in conditions.edges.values() if not names.isdisjoint(events))
        sequences = tuple(one for one in conditions.sequences.values() if not names.isdisjoint(one.events))
        cart, order, traits = name in CART_EVENTS, name in ORDER_EVENTS, name == TRAITS
        consent = name in CONSENT_EVENTS
        earning = (behaviour and name in self._earning) or name == REFERRED
        causes = names | ({CART} if cart else set()) | ({ORDERS} if order else set())
        causes |= beside | ({CONSENT} if consent else set())
        segments = self._segments.touched_by(causes)
        segments_of_new = self._segments.touched_by(causes, new=True)
        moved = causes | {f"in:{one.name}" for one in segments}
        derivations = self._derivations.touched_by(moved)
        abandonment = behaviour and not names.isdisjoint(own)
        reads = any(one.reads_properties for one in windows) or any(one.reads_properties for one in edges)
        derivations_of_new = self._derivations.touched_by(moved, new=True)
        beyond = bool(edges or sequences or cart or order or traits or consent or earning or abandonment)
        indexed = None if beside else index_of(name, windows, segments, segments_of_new)
        idle = not (windows or beyond or segments or derivations or name in self._asking)
        return Reading(
            name=name,
            windows=windows,
            edges=edges,
            sequences=sequences,
            segments=segments,
            segments_of_new=segments_of_new,
            indexed=indexed,
            properties=reads or bool(sequences) or cart or order or consent or earning or name in own,
            cart=cart,
            order=order,
            traits=traits,
            consent=consent,
            earning=earning,
            derivations=derivations,
            derivations_of_new=derivations_of_new,
            abandonment=abandonment,
            behaviour=behaviour,
            idle=idle,
            idle_of_new=idle and not (segments_of_new or derivations_of_new),
            plain=not (beyond or indexed or derivations_of_new or self._messaging),
            beside=beside,
        )
