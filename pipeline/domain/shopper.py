"""The shopper record: all that is known of one shopper, read once and written once per batch."""

from typing import Any

import msgspec

from pipeline.domain.derived import Derived

FORMAT = 1


class TraitValue(msgspec.Struct, array_like=True, gc=False):
    """A profile trait: the latest by (event time, message id). A deleted trait keeps `value` None, so that an older
    identify arriving late does not bring it back."""

    value: Any
    time: int
    message_id: str


class Observation(msgspec.Struct, array_like=True, gc=False):
    """What `first` or `last` remembers of one event; ends: what the property's path reached, empty if it lacked it."""

    time: int
    message_id: str
    ends: list[Any]


class Membership(msgspec.Struct, array_like=True, gc=False):
    """State of one segment. sequence: transitions so far. due: next instant (ms) its truth may change, 0 = none."""

    member: bool = False
    sequence: int = 0
    due: int = 0


class Line(msgspec.Struct, array_like=True, gc=False):
    """A cart line, keyed by (product_id, variant). price: of one piece, minor units of `currency` ("" = the shop's),
    None if unknown; conversion is half up per line, so the price stays in the currency it came in. updated: event time
    of the latest delta or snapshot that told of it, so that a late one does not bring an older price back."""

    product_id: str
    variant: str
    sku: str
    name: str
    quantity: int
    price: int | None
    currency: str = ""
    updated: int = 0


class Cart(msgspec.Struct, array_like=True, gc=False):
    """A cart; without lines it is kept for its times, so that what is older does not refill it. Event times in ms,
    0 = none. updated: of its latest edit. snapshot: of the latest snapshot. ordered: of the latest order from it."""

    cart_id: str
    lines: list[Line]
    updated: int = 0
    snapshot: int = 0
    ordered: int = 0


class View(msgspec.Struct, array_like=True, gc=False):
    """Views of one product or visit that count towards `minimum_views` of the abandonment rule `kind`.

    times: event times in ms, sorted, the latest `minimum_views` at most.
    """

    kind: str
    subject: str
    times: list[int]


class Instance(msgspec.Struct, array_like=True, gc=False):
    """One run of one abandonment rule over one subject. Instants in ms, 0 = none.

    kind: name of the rule. number: counts the shopper's instances of that kind, from 1; `instance` in outputs is
    `kind-number`. state: see instance.py. last_step: event time of the latest event about its subject itself,
    last_activity: of the latest own activity. due: the next instant it has to be looked at. abandoned_since: last own
    activity before the first stage. stage_times and stage_ids: `effective_at` and decision id of the stages sent so
    far. cart_id: the cart that its lines are in; lines: of browse, the product viewed last.
    """

    kind: str
    subject: str
    number: int
    state: int
    last_step: int
    last_activity: int
    due: int = 0
    abandoned_since: int = 0
    stage_times: list[int] = []
    stage_ids: list[str] = []
    cart_id: str = ""
    lines: list[Line] = []


class Cooldown(msgspec.Struct, array_like=True, gc=False):
    """Per kind: instances so far, when the last stage was sent, and a fingerprint of the lines that it told of."""

    kind: str
    instances: int = 0
    last_stage: int = 0
    contents: int = 0


class Order(msgspec.Struct, array_like=True, gc=False):
    """One order, kept for ever: it dedupes, and is what `orders`, `spend` and tiers count.

    key: 64-bit fingerprint of the order id. time: event time. value and refunded: minor units of the shop's currency;
    refunded never exceeds value. cancelled orders count for nothing. completed False: known only by a cancellation or
    an update, counts for nothing yet. priced: ms from `time` to the event that told `value`, None while none has.
    """

    key: int
    time: int
    value: int
    refunded: int = 0
    cancelled: bool = False
    completed: bool = True
    priced: int | None = 0


class Lot(msgspec.Struct, array_like=True, gc=False):
    """What one order earned in one programme; it may be nothing. See ledger.py.

    order and time: of the order. points: earned, of which `reversed` were taken back. eligible: the amount that earned,
    minor units. level: the tier whose multiplier it had. number: position among the programme's lots, from 1.
    lines: (line fingerprint, quantity, points, quantity returned), flat, while refunds by line are expected.
    """

    order: int
    time: int
    points: int
    reversed: int = 0
    eligible: int = 0
    level: int = 0
    number: int = 0
    lines: list[int] = []


class Standing(msgspec.Struct, array_like=True, gc=False):
    """A shopper in one loyalty programme. Instants in ms, 0 = none; points are whole.

    level: index into its levels, -1 = not joined; held since `since`, until `valid_until` if the programme has a term.
    grace_until: end of the grace that runs. sequence and entries: tier and points decisions so far.
    earned: points of all lots, net of reversals. lots: in order of arrival, `lots_taken` of them so far.
    promoted_at: instant of the upgrade to this level, promoted_lots: lots taken then.
    history: (instant, level), flat, the latest changes of level.
    """

    level: int = -1
    sequence: int = 0
    since: int = 0
    valid_until: int = 0
    grace_until: int = 0
    balance: int = 0
    earned: int = 0
    entries: int = 0
    lots: list[Lot] = []
    lots_taken: int = 0
    promoted_at: int = 0
    promoted_lots: int = 0
    history: list[int] = []
    due: int = 0


class Parked(msgspec.Struct, array_like=True, gc=False):
    """A refund whose order is not known yet. due: when we give it up. refund: its fingerprint. amount: minor units,
    None = all that is left of the order. lines: (line fingerprint, quantity), flat."""

    order: int
    due: int
    refund: int
    amount: int | None
    lines: list[int]


class Shopping(msgspec.Struct, array_like=True, gc=False):
    """What is known of a shopper's carts and orders.

    refund_keys: fingerprints of refunds taken, so that each counts once.
    """

    orders: list[Order] = []
    refund_keys: list[int] = []
    parked: list[Parked] = []
    carts: list[Cart] = []
    views: list[View] = []
    instances: list[Instance] = []
    cooldowns: list[Cooldown] = []
    standings: dict[str, Standing] = {}


class Shopper(msgspec.Struct, array_like=True, gc=False):
    """The record. `now` never runs backwards; `due`: the earliest instant any rule wants to be woken at (0 = never).

    plan: digest (leading 32 bits) of the plan that `memberships` were decided under. ids and old_ids: 12 bytes a
    message (64 bits of the id, 32 of the body), two generations, the younger begun at `ids_since`.
    windows: state of aggregate conditions by the condition's fingerprint; layout in window.py.
    shopping: None until something looks at carts, orders, abandonment or loyalty; most shoppers only look around, and
    their records are to be small and quick to decode. Read and written through the properties below.
    derived: None while nothing is derived.
    """

    format: int = FORMAT
    now: int = 0
    due: int = 0
    plan: int = 0
    created: int = 0
    ids_since: int = 0
    ids: bytes = b""
    old_ids: bytes = b""
    sessions: int = 0
    recent_visits: list[int] = []
    segments_due: int = 0
    orders_due: int = 0
    abandonment_due: int = 0
    loyalty_due: int = 0
    windows: dict[int, list[int]] = {}
    memberships: dict[str, Membership] = {}
    traits: dict[str, TraitValue] = {}
    observations: dict[int, Observation] = {}
    shopping: Shopping | None = None
    derived: Derived | None = None

    def _shopping(self) -> Shopping:
        shopping = self.shopping
        if shopping is None:
            shopping = self.shopping = Shopping()
        return shopping

    @property
    def orders(self) -> list[Order]:
        return (self.shopping or self._shopping()).orders

    @property
    def refund_keys(self) -> list[int]:
        return (self.shopping or self._shopping()).refund_keys

    @property
    def parked(self) -> list[Parked]:
        return (self.shopping or self._shopping()).parked

    @parked.setter
    def parked(self, parked: list[Parked]) -> None:
        (self.shopping or self._shopping()).parked = parked

    @property
    def carts(self) -> list[Cart]:
        return (self.shopping or self._shopping()).carts

    @property
    def views(self) -> list[View]:
        return (self.shopping or self._shopping()).views

    @views.setter
    def views(self, views: list[View]) -> None:
        (self.shopping or self._shopping()).views = views

    @property
    def instances(self) -> list[Instance]:
        return (self.shopping or self._shopping()).instances

    @instances.setter
    def instances(self, instances: list[Instance]) -> None:
        (self.shopping or self._shopping()).instances = instances

    @property
    def cooldowns(self) -> list[Cooldown]:
        return (self.shopping or self._shopping()).cooldowns

    @property
    def standings(self) -> dict[str, Standing]:
        return (self.shopping or self._shopping()).standings
