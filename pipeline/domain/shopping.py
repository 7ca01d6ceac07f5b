"""What the shopper record holds of carts, orders, abandonment and loyalty."""

import msgspec

from pipeline.domain.block import Block
from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.value.instant import soonest


class Line(msgspec.Struct, array_like=True, gc=False):
    """A cart line, keyed by (product_id, variant). price: of one piece, minor units of `currency` ("" = the shop's),
    None if unknown; conversion is half up per line, so the price stays in the currency it came in. updated: event time
    of the latest delta or snapshot that told of it, so that a late one does not bring an older price back. links: of
    the product and its image (link.py), under a topology that tells them."""

    product_id: str
    variant: str
    sku: str
    name: str
    quantity: int
    price: int | None
    currency: str = ""
    updated: int = 0
    links: tuple[str, str] | None = None


class Cart(msgspec.Struct, array_like=True, gc=False):
    """A cart; without lines it is kept for its times, so that what is older does not refill it. Event times in ms,
    0 = none. updated: of its latest edit. snapshot: of the latest snapshot. ordered: of the latest order from it.
    links: of the cart and its checkout, as those of lines."""

    cart_id: str
    lines: list[Line]
    updated: int = 0
    snapshot: int = 0
    ordered: int = 0
    links: tuple[str, str] | None = None


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
    far. cart_id: the cart that its lines are in; lines: of what is about one product, that product. reason: what
    stopped it, of a step of a checkout or a failed payment.
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
    reason: str = ""

    @property
    def name(self) -> str:
        """As outputs name it."""
        return f"{self.kind}-{self.number}"


class Cooldown(msgspec.Struct, array_like=True, gc=False):
    """Per kind: instances so far, when the last stage was sent, and a fingerprint of the lines that it told of."""

    kind: str
    instances: int = 0
    last_stage: int = 0
    contents: int = 0


class Order(msgspec.Struct, array_like=True, gc=False):
    """One order, of the latest 10,000 (order_book.py): it dedupes, and is what `orders`, `spend` and tiers count.

    key: 64-bit fingerprint of the order id, of which blocks keep the leading bits (order_book.py). time: event time.
    value and refunded: minor units of the shop's currency; refunded never exceeds value. cancelled orders count for
    nothing. completed False: known only by a cancellation or an update, counts for nothing yet. priced: ms from `time`
    to the event that told `value`, None while none has.
    """

    key: int
    time: int
    value: int
    refunded: int = 0
    cancelled: bool = False
    completed: bool = True
    priced: int | None = 0


class Lot(msgspec.Struct, array_like=True, gc=False):
    """What one order, or one bonus, earned in one programme; it may be nothing. See lot.py.

    order and time: of the order; of a bonus a fingerprint of its own, and its event's time. points: earned, of which
    `reversed` were taken back. eligible: the amount that earned, minor units. level: the tier whose multiplier it had.
    number: position among the programme's lots, from 1. lines: (line fingerprint, quantity, points, quantity returned),
    flat, while refunds by line are expected. expired: points that expired, less those that a refund has come for since;
    forgone: what refunds would have taken, had it not expired or the balance not been at zero. A new price
    changes `points`; `points - reversed` is what was posted, and less forgone what refunds may still ask for.
    """

    order: int
    time: int
    points: int
    reversed: int = 0
    eligible: int = 0
    level: int = 0
    number: int = 0
    lines: list[int] = []
    expired: int = 0
    forgone: int = 0


class Waiting(msgspec.Struct, array_like=True, gc=False):
    """Points that are not confirmed yet, of the lot `number`. time: the lot's. confirms: when, ms. order_id: as sent,
    "" of a bonus or if it is very long. held: until someone releases them, whatever the time."""

    number: int
    time: int
    points: int
    confirms: int
    order_id: str = ""
    held: bool = False


class Holding(msgspec.Struct, array_like=True, gc=False):
    """Points to spend of the lot `number`, 0 = of none. expires: ms, 0 = with all the others. time: the lot's."""

    expires: int
    time: int
    number: int
    left: int


class Redemption(msgspec.Struct, array_like=True, gc=False):
    """key: fingerprint of its id. parts: where its points came from, (expires, time, lot number, points), flat; empty
    once it was cancelled. reward: its name, "" of none."""

    key: int
    parts: list[int]
    reward: str = ""


class Purse(msgspec.Struct, array_like=True, gc=False):
    """What becomes of points after they were earned. Instants in ms, 0 = none.

    The points to spend are those of `holdings`, and for the rest of the balance such as never expire; below zero
    there are none. pending: points not confirmed, the sum of `waiting`, which are in order of confirmation. holdings:
    in the order in which they are spent. since: lots count their time to expiry from then at the earliest; 0: they do
    not expire by lot. active: what inactivity counts from. looked: notices of instants up to then are told or missed.
    due: the next instant something happens by itself. redemptions: the latest, in order of arrival.
    rewards: names of those that were told of. filed: the holdings before those of `holdings`, packed (purse.py).
    """

    pending: int = 0
    waiting: list[Waiting] = []
    holdings: list[Holding] = []
    since: int = 0
    active: int = 0
    looked: int = 0
    due: int = 0
    redemptions: list[Redemption] = []
    rewards: list[str] = []
    filed: list[Block] = []


class Tenure(msgspec.Struct, array_like=True, gc=False):
    """What is kept of a standing's tier only where it is asked for. Instants in ms, 0 = none.

    joined: when the shopper joined, of windows that ask for it. promoted_since and promoted_until: the period of the
    metric in which the level was reached. noticed: notices of instants up to then are told or missed. locked: the level
    shown instead, -1 = none, until `locked_until`, 0 = until it is unlocked. granted: the level that is the least,
    likewise. locked_tier and granted_tier: their names. lock_said, grant_said: event times of the latest word on them.
    """

    joined: int = 0
    promoted_since: int = 0
    promoted_until: int = 0
    noticed: int = 0
    locked: int = -1
    locked_until: int = 0
    locked_tier: str = ""
    lock_said: int = 0
    granted: int = -1
    granted_until: int = 0
    granted_tier: str = ""
    grant_said: int = 0


class Standing(msgspec.Struct, array_like=True, gc=False):
    """A shopper in one loyalty programme. Instants in ms, 0 = none; points are whole.

    level: index into its levels, -1 = not joined; held since `since`, until `valid_until` if the programme has a term.
    grace_until: end of the grace that runs. sequence and entries: tier and points decisions so far.
    earned: points of all lots, net of reversals. lots: the latest by (time, order), `lots_taken` of all so far;
    filed_lots: those before them, packed, and filed_lines: the lines of the latest of these (lot.py).
    promoted_at: instant of the upgrade to this level, promoted_lots: lots taken then.
    history: (instant, level), flat, the latest changes of level. due: of the tier. purse: None while points are only
    earned and taken back. bonuses: None until there is something to keep. tenure: the same. tier: name of the level.
    reason: why it is that one, a place in REASONS (tier_line.py); -1 of a level that was reached before this was kept.
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
    purse: Purse | None = None
    bonuses: BonusBook | None = None
    tenure: Tenure | None = None
    tier: str = ""
    reason: int = -1
    filed_lots: list[Block] = []
    filed_lines: list[list[int]] = []

    @property
    def held(self) -> int:
        """The level shown: the one that is locked, else the one that was reached."""
        return self.level if self.tenure is None or self.tenure.locked < 0 else self.tenure.locked

    def next_due(self) -> int:
        """The next instant at which time alone moves the tier or points, ms; 0 = never."""
        return soonest(self.due, self.points_due())

    def points_due(self) -> int:
        """When time alone next moves points, ms; 0 = never."""
        purse, bonuses = self.purse, self.bonuses
        return soonest(purse.due if purse is not None else 0, bonuses.next_due() if bonuses is not None else 0)


class Parked(msgspec.Struct, array_like=True, gc=False):
    """A refund whose order is not known yet. due: when we give it up. refund: its fingerprint. amount: minor units,
    None = all that is left of the order. lines: (line fingerprint, quantity), flat. order_id: as sent, "" if it is very
    long, or of one that waits since before this was kept."""

    order: int
    due: int
    refund: int
    amount: int | None
    lines: list[int]
    order_id: str = ""


class EarlyUpdate(msgspec.Struct, array_like=True, gc=False):
    """An `Order Updated` whose order, by its key, is not there yet. properties: JSON, as sent. See early_update.py."""

    order: int
    properties: bytes


class Shopping(msgspec.Struct, array_like=True, gc=False):
    """What is known of a shopper's carts and orders.

    orders: the latest; filed_orders: those before them, packed. refund_keys: fingerprints of the refunds taken last, so
    that each counts once.
    """

    orders: list[Order] = []
    refund_keys: list[int] = []
    parked: list[Parked] = []
    carts: list[Cart] = []
    views: list[View] = []
    instances: list[Instance] = []
    cooldowns: list[Cooldown] = []
    standings: dict[str, Standing] = {}
    early_updates: list[EarlyUpdate] = []
    filed_orders: list[Block] = []
