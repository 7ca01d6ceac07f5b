"""The records of a user and of a device, item by item, in orders that partitions may bring them in."""

import msgspec
import pytest

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.event import CLAIM, Event
from pipeline.domain.identity.identities import CROWDED, LATE, Identities, identities_of
from pipeline.domain.identity.letter import Handoff, Item, Receipt, decode_item, encode_item
from pipeline.domain.identity.step import Step
from pipeline.domain.identity.turn import HELD
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import HOUR, MINUTE

START = 1_767_434_400_000
TOPOLOGY = """
version: 1
name: shop
identity: {devices: 2, wait: 1h}
segments: {viewers: {when: {count: {of: Product Viewed, at_least: 2, within: 1d}}}}
abandonment: {cart: {stages: [30m]}}
"""


class Post:
    """Records by id, and the letters that are on their way: delivered when a test says so."""

    def __init__(self, topology: str = TOPOLOGY) -> None:
        identities = identities_of(Engine(parse(topology, {}).plan()), 1 << 20)
        assert identities is not None
        self.identities: Identities = identities
        self.records: dict[str, Shopper] = {}
        self.letters: list[tuple[str, Item]] = []
        self.told: list[tuple[str, str, int, str]] = []
        self.remarks: list[str] = []
        self.refused: list[str] = []

    def give(self, to: str, item: Item, now: int = 0) -> None:
        record = self.records.setdefault(to, Shopper())
        self._note(self.identities.take(record, to, item, max(now, record.now)))

    def deliver(self, to: str) -> None:
        """The oldest letter for that record, as it stands in a log."""
        letter = next(one for one in self.letters if one[0] == to)
        self.letters.remove(letter)
        self.give(to, decode_item(encode_item(letter[1])))

    def wake(self, who: str, until: int) -> None:
        self._note(self.identities.wake(self.records[who], who, until))

    def _note(self, step: Step) -> None:
        self.letters += [(letter.to, letter.item) for letter in step.letters]
        for told in step.told:
            self.remarks += told.outcome.remarks
            self.refused += [told.outcome.refusal] if told.outcome.refusal else []
            self.told += [(one.shopper, one.type, one.effective_at, one.cause_kind) for one in told.outcome.decisions]

    def of(self, type: str) -> list[tuple[str, int]]:
        return [(shopper, at) for shopper, kind, at, _ in self.told if kind == type]


def view(shopper: str, at: int, message: str, device: str = "", anonymous: bool = False) -> Event:
    properties = msgspec.Raw(b'{"product_id":"p","price":1}')
    event = Event("track", "Product Viewed", shopper, at, at, message, properties=properties)
    return msgspec.structs.replace(event, anonymous_id=device, anonymous=anonymous)


def added(shopper: str, at: int, message: str) -> Event:
    return msgspec.structs.replace(view(shopper, at, message, anonymous=True), name="Product Added")


def claim(device: str, user: str, at: int, message: str) -> Event:
    return Event(CLAIM, CLAIM, device, at, at, message, referred=user)


def test_a_user_waits_for_the_hand_off_and_all_is_decided_at_its_own_instant() -> None:
    post = Post()
    post.give("a", view("a", START, "1", anonymous=True), START)
    # given a user who comes with a device for the first time, and goes on
    post.give("u", view("u", START + 10, "2", "a"), START + 10)
    post.give("u", view("u", START + 20, "3"), START + 20)
    assert post.told == []
    # when the device's partition, long after, has come to the claim
    post.give("a", claim("a", "u", START + 10, "2"), START + 10)
    post.deliver("u")
    # then the user is a viewer since the first event, in which both met
    assert post.of("identity.merged") == [("u", START + 10)]
    assert post.of("segment.entered") == [("u", START + 10)]
    post.deliver("a")
    assert post.letters == []
    book = post.records["a"].identity
    assert book is not None and book.alias == "u"
    assert post.records["a"].created == 0 and post.records["a"].ids == b""


def test_what_comes_to_a_device_while_it_waits_is_the_users_or_its_own_as_the_user_answers() -> None:
    for devices, expected in ((2, "u"), (1, "a")):
        post = Post(TOPOLOGY.replace("devices: 2", f"devices: {devices}"))
        post.give("u", view("u", START, "0", "first"), START)
        post.give("first", claim("first", "u", START, "0"), START)
        post.deliver("u")
        post.deliver("first")
        # given a device that was claimed, and whose visitor goes on without a login
        post.give("u", view("u", START + 10, "2", "a"), START + 10)
        post.give("a", claim("a", "u", START + 10, "2"), START + 10)
        post.give("a", view("a", START + 20, "3", anonymous=True), START + 20)
        post.give("a", view("a", START + 30, "4", anonymous=True), START + 30)
        # when the user takes it, or has no room for it
        post.deliver("u")
        post.deliver("a")
        while post.letters:
            post.deliver(post.letters[0][0])
        assert {shopper for shopper, _ in post.of("segment.entered")} >= {expected}
        assert post.of("identity.refused") == ([("u", START + 10)] if expected == "a" else [])


def test_timers_of_a_device_that_waits_rest_and_fire_late_at_their_own_instant_if_it_is_refused() -> None:
    post = Post(TOPOLOGY.replace("devices: 2", "devices: 1"))
    post.give("u", view("u", START, "0", "first"), START)
    post.give("first", claim("first", "u", START, "0"), START)
    post.deliver("u")
    post.give("a", added("a", START, "1"), START)
    post.give("a", claim("a", "u", START + 10, "2"), START + 10)
    assert post.records["a"].due == 0
    post.deliver("u")
    post.deliver("first")
    post.deliver("a")
    post.wake("a", START + HOUR)
    assert post.of("abandonment.abandoned") == [("a", START + 30 * MINUTE)]


def test_a_cart_of_before_the_login_is_reminded_of_as_the_users() -> None:
    post = Post()
    post.give("a", added("a", START, "1"), START)
    post.give("u", view("u", START + 10, "2", "a"), START + 10)
    post.give("a", claim("a", "u", START + 10, "2"), START + 10)
    post.deliver("u")
    post.deliver("a")
    post.wake("u", START + HOUR)
    assert post.of("abandonment.abandoned") == [("u", START + 30 * MINUTE)]


def test_a_user_who_has_waited_long_enough_goes_on_and_takes_the_state_when_it_comes() -> None:
    post = Post()
    post.give("a", view("a", START, "1", anonymous=True), START)
    post.give("u", view("u", START + 10, "2", "a"), START + 10)
    assert post.records["u"].due == START + 10 + HOUR
    post.wake("u", START + 10 + HOUR)
    assert post.remarks.count(LATE) == 1
    post.give("u", view("u", START + 2 * HOUR, "3"), START + 2 * HOUR)
    assert post.of("segment.entered") == [("u", START + 2 * HOUR)]
    post.give("a", claim("a", "u", START + 10, "2"), START + 10)
    post.deliver("u")
    assert post.of("identity.merged") == [("u", START + 2 * HOUR)]
    post.deliver("a")


def test_more_than_a_record_holds_makes_a_user_go_on_and_a_device_refuse() -> None:
    post = Post()
    post.give("u", view("u", START, "m", "a"), START)
    post.give("d", claim("d", "u", START, "m"), START)
    for number in range(HELD + 1):
        post.give("u", view("u", START + number, f"u{number}"), START + number)
        post.give("d", view("d", START + number, f"d{number}", anonymous=True), START + number)
    assert post.remarks.count(LATE) == 1
    book = post.records["u"].identity
    assert book is not None and book.pending is None
    assert post.refused == [CROWDED]


def test_two_that_wait_for_each_other_refuse_each_other() -> None:
    post = Post()
    post.give("x", claim("x", "y", START, "1"), START)
    post.give("y", claim("y", "x", START, "2"), START)
    post.give("x", view("x", START, "2", "y"), START)
    post.give("y", view("y", START, "1", "x"), START)
    while post.letters:
        post.deliver(post.letters[0][0])
    assert sorted(post.of("identity.refused")) == [("x", START), ("y", START)]
    for record in post.records.values():
        assert record.identity is not None and record.identity.pending is None and record.created


def test_an_answer_or_a_hand_off_that_comes_twice_changes_nothing() -> None:
    post = Post()
    post.give("a", view("a", START, "1", anonymous=True), START)
    post.give("u", view("u", START + 10, "2", "a"), START + 10)
    post.give("a", claim("a", "u", START + 10, "2"), START + 10)
    handoff = next(item for _, item in post.letters)
    post.deliver("u")
    receipt = next(item for _, item in post.letters)
    post.deliver("a")
    before = msgspec.msgpack.encode(post.records)
    assert isinstance(handoff, Handoff) and isinstance(receipt, Receipt)
    post.give("a", receipt)
    assert msgspec.msgpack.encode(post.records) == before


def test_what_the_core_fails_on_is_refused_and_both_go_on() -> None:
    post = Post()
    post.give("u", view("u", START, "1", "a"), START)
    post.give("a", view("a", START - 1, "0", anonymous=True), START - 1)
    post.give("a", claim("a", "u", START, "1"), START)
    to, item = post.letters.pop()
    assert isinstance(item, Handoff)
    post.give(to, msgspec.structs.replace(item, state=b"\xc1"))
    assert post.of("identity.refused") == [("u", START)]
    post.deliver("a")
    for who in ("u", "a"):
        book = post.records[who].identity
        assert book is not None and book.pending is None and not book.alias
    post.give("a", view("a", START + 1, "2", anonymous=True), START + 1)
    assert post.of("segment.entered") == [("a", START + 1)]


@pytest.mark.parametrize("value", [b"\x01", b"\x01\xc1", b"{}", b""])
def test_what_is_no_letter_is_told_as_that(value: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_item(value)
