"""The shopper record: all that is known of one shopper, read once and written once per batch."""

from typing import TYPE_CHECKING, Any

import msgspec

from pipeline.domain.block import Block
from pipeline.domain.correspondence import Correspondence, Messages
from pipeline.domain.derived import Derived
from pipeline.domain.identity_book import IdentityBook
from pipeline.domain.messaging.word import Words
from pipeline.domain.past import Past
from pipeline.domain.shopping import Cart, Cooldown, EarlyUpdate, Instance, Order, Parked, Shopping, Standing, View

FORMAT = 3


class DamagedRecord(ValueError):
    """What a record keeps of shopping, consent or messages is none. Found only by an event that asks for it."""


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
    """State of one segment. sequence: transitions so far. due: next instant (ms) its truth may change, 0 = none.
    since: when the latest transition took effect, ms; 0 = there was none, or before this was kept."""

    member: bool = False
    sequence: int = 0
    due: int = 0
    since: int = 0


if TYPE_CHECKING:
    Kept = Shopping | msgspec.Raw | None
    KeptWords = Words | msgspec.Raw | None
else:
    # What the decoder goes by: it leaves the value as it is.
    Kept = KeptWords = msgspec.Raw

_decode_shopping = msgspec.msgpack.Decoder(Shopping | None).decode
_decode_words = msgspec.msgpack.Decoder(Words | None).decode


class Shopper(msgspec.Struct, array_like=True, gc=False):
    """The record. `now` never runs backwards; `due`: the earliest instant any rule wants to be woken at (0 = never).

    plan: digest (leading 32 bits) of the plan that `memberships` were decided under. ids and old_ids: 12 bytes a
    message (64 bits of the id, 32 of the body), two generations, the younger begun at `ids_since`.
    anonymous: True while every call of the shopper was under an anonymous id; None: no call since this is kept.
    windows: state of aggregates, sequences and holds by fingerprint; layout in window.py, sequence.py and hold.py.
    shopping: None until something looks at carts, orders, abandonment or loyalty; most shoppers only look around, and
    their records are to be small and quick to decode. A stored one stays MessagePack until then, and if nothing looks
    at it is stored as it was. Read and written through the properties below; they raise DamagedRecord.
    consent: None until something is said of consent, and kept as `shopping` is. Read through `words`.
    messages: None of whom no message was ever asked for; see `correspondence`.
    locale: (event time in ms, language) of the latest call that told one, of equal times the greater text.
    identity: None of who never met another id.
    past: None of who never was erased, where records do not end by themselves.
    pace: (number of a span of event time, events in it) of the latest span, where hot keys are looked for.
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
    shopping: Kept = None
    derived: Derived | None = None
    anonymous: bool | None = None
    consent: KeptWords = None
    messages: Messages | None = None
    locale: tuple[int, str] | None = None
    identity: IdentityBook | None = None
    past: Past | None = None
    pace: tuple[int, int] | None = None

    @property
    def epoch(self) -> int:
        """Tells the ids of its decisions from those of an earlier record of the same id."""
        return self.past.epoch if self.past is not None else 0

    def wipe(self, past: Past) -> None:
        """Make it a record of nobody, in place; past: what is left."""
        blank = Shopper(past=past)
        for name in self.__struct_fields__:
            setattr(self, name, getattr(blank, name))

    def correspondence(self) -> Correspondence:
        """What is kept of messages, to be read and written; `messages` exists from then on. Raises DamagedRecord."""
        if self.messages is None:
            self.messages = Messages(0, Correspondence())
        try:
            return self.messages.open()
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedRecord(f"damaged shopper record: {type(error).__name__}") from error

    def opened(self) -> Shopping:
        """All that is kept of shopping, for who needs several parts of it: each property below is a call."""
        shopping = self.shopping
        return shopping if type(shopping) is Shopping else self._open()

    def _open(self) -> Shopping:
        kept = self.shopping
        try:
            shopping = _decode_shopping(kept) if isinstance(kept, msgspec.Raw) else None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedRecord(f"damaged shopper record: {type(error).__name__}") from error
        opened = self.shopping = shopping or Shopping()
        return opened

    @property
    def orders(self) -> list[Order]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).orders

    @property
    def filed_orders(self) -> list[Block]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).filed_orders

    @property
    def refund_keys(self) -> list[int]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).refund_keys

    @property
    def parked(self) -> list[Parked]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).parked

    @parked.setter
    def parked(self, parked: list[Parked]) -> None:
        shopping = self.shopping
        (shopping if type(shopping) is Shopping else self._open()).parked = parked

    @property
    def carts(self) -> list[Cart]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).carts

    @property
    def views(self) -> list[View]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).views

    @views.setter
    def views(self, views: list[View]) -> None:
        shopping = self.shopping
        (shopping if type(shopping) is Shopping else self._open()).views = views

    @property
    def instances(self) -> list[Instance]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).instances

    @instances.setter
    def instances(self, instances: list[Instance]) -> None:
        shopping = self.shopping
        (shopping if type(shopping) is Shopping else self._open()).instances = instances

    @property
    def cooldowns(self) -> list[Cooldown]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).cooldowns

    @property
    def standings(self) -> dict[str, Standing]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).standings

    @property
    def early_updates(self) -> list[EarlyUpdate]:
        shopping = self.shopping
        return (shopping if type(shopping) is Shopping else self._open()).early_updates

    @early_updates.setter
    def early_updates(self, updates: list[EarlyUpdate]) -> None:
        shopping = self.shopping
        (shopping if type(shopping) is Shopping else self._open()).early_updates = updates

    @property
    def words(self) -> Words | None:
        """What was said of consent, None if nothing was."""
        kept = self.consent
        if isinstance(kept, msgspec.Raw):
            try:
                kept = self.consent = _decode_words(kept)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise DamagedRecord(f"damaged shopper record: {type(error).__name__}") from error
        return kept
