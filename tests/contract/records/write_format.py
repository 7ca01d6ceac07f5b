"""Writes `format-N.bin`: shopper records as the present version stores them. Run it once, when FORMAT is raised, before
the release; what a released version has stored never changes: `python -m tests.contract.records.write_format`."""

from pathlib import Path

import msgspec

from pipeline.domain.shopper import FORMAT, Membership, Observation, Shopper, TraitValue
from pipeline.domain.shopping import Cart, Cooldown, Instance, Line, Lot, Order, Parked, Shopping, Standing, View
from pipeline.state.record import RecordCodec

FOLDER = Path(__file__).parent

_LINE = Line("p1", "red", "sku-1", "Shoe é", 2, 1999, "EUR", 1_700_000_000_000)

SAMPLES = (
    Shopper(),
    Shopper(
        now=1_700_000_000_000,
        due=1_700_000_100_000,
        plan=2**32 - 1,
        created=1_600_000_000_000,
        ids_since=1_699_000_000_000,
        ids=b"\x00\xff" * 6,
        old_ids=b"\x01" * 24,
        sessions=3,
        recent_visits=[1, 2, 3],
        traits={"plan": TraitValue({"a": [1, None, "é"]}, 5, "m1"), "gone": TraitValue(None, 6, "m2")},
        windows={2**63: [1, 2, 3], 7: []},
        observations={9: Observation(1, "m", [None, "x", 3.5])},
        memberships={"loyal": Membership(True, 3, 99)},
        segments_due=99,
        orders_due=9,
        abandonment_due=30,
        loyalty_due=6,
        shopping=Shopping(
            orders=[Order(2**64 - 1, 1, 2, 3, True, False, None), Order(5, 6, 7)],
            refund_keys=[11, 12],
            parked=[Parked(8, 9, 10, None, [1, 2])],
            carts=[Cart("c1", [_LINE], 1, 2, 3)],
            views=[View("browse", "p1", [1, 2])],
            instances=[Instance("cart", "default", 1, 0, 10, 20, 30, 5, [6], ["id"], "c1", [_LINE])],
            cooldowns=[Cooldown("cart", 2, 3, 4)],
            standings={
                "club": Standing(2, 1, 2, 3, 4, 5, 6, 7, [Lot(1, 2, 3, 4, 5, 6, 7, [8, 9])], 1, 2, 3, [4, 5], 6)
            },
        ),
    ),
)


def path_of(number: int) -> Path:
    """The file of format `number`: a MessagePack array of stored values."""
    return FOLDER / f"format-{number}.bin"


if __name__ == "__main__":
    codec = RecordCodec()
    path_of(FORMAT).write_bytes(msgspec.msgpack.encode([codec.encode(sample) for sample in SAMPLES]))
