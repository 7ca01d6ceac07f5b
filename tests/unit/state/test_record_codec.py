"""The stored form of a shopper record."""

import msgspec
import pytest

from pipeline.domain.shopper import FORMAT, DamagedRecord, Membership, Observation, Shopper, TraitValue
from pipeline.domain.shopping import Instance, Lot, Order, Shopping, Standing, View
from pipeline.runtime.ports import StateFormatError
from pipeline.state import record
from pipeline.state.record import RecordCodec
from tests.support.shop_state import opened

CODEC = RecordCodec()
PRESENT = bytes([FORMAT])


def full() -> Shopper:
    return Shopper(
        now=1_700_000_000_000,
        due=1_700_000_100_000,
        ids=b"\x00\xff" * 6,
        recent_visits=[1, 2, 3],
        traits={"plan": TraitValue({"a": [1, None, "é"]}, 5, "m1"), "gone": TraitValue(None, 6, "m2")},
        windows={2**63: [1, 2, 3], 7: []},
        observations={9: Observation(1, "m", [None, "x", 3])},
        memberships={"loyal": Membership(True, 3, 99)},
        shopping=Shopping(
            orders=[Order(2**64 - 1, 1, 2, 3, True, False)],
            instances=[Instance("cart", "default", 1, 0, 10, 20)],
            standings={"club": Standing(level=2, lots=[Lot(order=1, time=2, points=3)])},
        ),
    )


def test_a_record_comes_back_as_it_was() -> None:
    assert opened(CODEC.decode(CODEC.encode(full()))) == full()
    assert opened(CODEC.decode(CODEC.encode(Shopper()))) == opened(Shopper())


def test_a_shopper_who_only_looks_around_has_nothing_kept_of_carts_and_orders() -> None:
    shopper = CODEC.decode(CODEC.encode(Shopper(sessions=1)))
    assert shopper.shopping == msgspec.Raw(b"\xc0")
    assert shopper.orders == []
    shopper.instances = [Instance("cart", "default", 1, 0, 10, 20)]
    assert CODEC.decode(CODEC.encode(shopper)).instances == shopper.instances


def test_equal_records_are_equal_bytes_after_a_round_trip() -> None:
    value = CODEC.encode(full())
    assert CODEC.encode(CODEC.decode(value)) == value
    assert CODEC.encode(opened(CODEC.decode(value))) == value


def test_what_nothing_looks_at_is_stored_as_it_was_and_what_changed_is_not_lost() -> None:
    shopper = CODEC.decode(CODEC.encode(full()))
    shopper.now += 1
    assert isinstance(shopper.shopping, msgspec.Raw)
    shopper = CODEC.decode(CODEC.encode(shopper))
    assert shopper.orders == opened(full()).orders
    shopper.orders[0].refunded = 2
    shopper.views = [View("browse", "p1", [5])]
    again = CODEC.decode(CODEC.encode(shopper))
    assert (again.orders[0].refunded, again.views, again.standings) == (2, shopper.views, opened(full()).standings)


@pytest.mark.parametrize("shopping", [7, "x", [[["no", "order"]]], {"orders": []}])
def test_shopping_that_is_none_is_found_when_it_is_looked_at(shopping: object) -> None:
    fields = msgspec.msgpack.decode(CODEC.encode(full())[1:], strict=False)
    fields[Shopper.__struct_fields__.index("shopping")] = shopping
    value = PRESENT + msgspec.msgpack.encode(fields)
    shopper = CODEC.decode(value)
    assert CODEC.encode(shopper) == value
    with pytest.raises(DamagedRecord, match="damaged shopper record: ValidationError"):
        _ = shopper.carts


def test_a_record_cut_off_is_found_at_once() -> None:
    value = CODEC.encode(full())
    for length in range(1, len(value)):
        with pytest.raises(StateFormatError):
            CODEC.decode(value[:length])


def test_the_first_byte_is_the_format() -> None:
    assert CODEC.encode(Shopper())[0] == FORMAT


def test_due_is_read_without_the_rest() -> None:
    assert CODEC.due(CODEC.encode(full())) == 1_700_000_100_000
    assert CODEC.due(CODEC.encode(Shopper())) == 0


@pytest.mark.parametrize("read", [CODEC.decode, CODEC.due])
def test_a_newer_format_is_refused_with_what_to_do(read: object) -> None:
    with pytest.raises(StateFormatError, match=rf"format {FORMAT + 1}, this version knows {FORMAT}: run the version"):
        read(bytes([FORMAT + 1]) + b"whatever")  # type: ignore[operator]


@pytest.mark.parametrize(
    "value", [b"", b"\x00abc", bytes([FORMAT]), bytes([FORMAT]) + b"\xc1", bytes([FORMAT]) + b"\x90\x01"]
)
@pytest.mark.parametrize("read", [CODEC.decode, CODEC.due])
def test_what_is_no_record_is_refused(value: bytes, read: object) -> None:
    with pytest.raises(StateFormatError):
        read(value)  # type: ignore[operator]


def test_an_older_format_is_migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    def from_zero(body: bytes) -> Shopper:
        now, due = msgspec.msgpack.decode(body)
        return Shopper(now=now, due=due)

    monkeypatch.setitem(record.MIGRATIONS, 0, from_zero)
    value = b"\x00" + msgspec.msgpack.encode([5, 9])
    assert CODEC.decode(value) == Shopper(now=5, due=9)
    assert CODEC.due(value) == 9
    assert CODEC.encode(CODEC.decode(value))[0] == FORMAT
