from typing import Any

import pytest

from pipeline.demo.sentence import money, printable, sentence
from pipeline.domain.decision import ABANDONMENT_TRIGGERS, LOYALTY_POINTS, LOYALTY_TIERS, SEGMENT_CHANGES
from tests.unit.demo.sample import KINDS, eur, points, segment, tier, trigger


@pytest.mark.parametrize(
    ("topic", "decision", "told"),
    [
        (SEGMENT_CHANGES, segment("entered"), "u-17 entered engaged"),
        (SEGMENT_CHANGES, segment("exited"), "u-17 left engaged"),
        (ABANDONMENT_TRIGGERS, trigger("abandoned"), "u-3 left a cart of 84.50 EUR, reminder 1 of 3"),
        (
            ABANDONMENT_TRIGGERS,
            trigger("abandoned", kind="checkout", stage=2, of=2),
            "u-3 left a checkout of 84.50 EUR, reminder 2 of 2",
        ),
        (
            ABANDONMENT_TRIGGERS,
            trigger("abandoned", kind="browse", of=1),
            "u-3 looked at Runner of 84.50 EUR and left, reminder 1 of 1",
        ),
        (
            ABANDONMENT_TRIGGERS,
            trigger("abandoned", kind="big-carts"),
            "u-3 left a cart of 84.50 EUR (big-carts), reminder 1 of 3",
        ),
        (
            ABANDONMENT_TRIGGERS,
            trigger("abandoned", kind="checkout", cart={"items": [], "total": eur(0)}),
            "u-3 left a checkout, reminder 1 of 3",
        ),
        (ABANDONMENT_TRIGGERS, trigger("recovered"), "u-3 came back and ordered the cart of 84.50 EUR"),
        (
            ABANDONMENT_TRIGGERS,
            trigger("recovered", kind="browse", cart={"items": [], "total": eur(0)}),
            "u-3 came back and ordered the product",
        ),
        (
            ABANDONMENT_TRIGGERS,
            trigger("retracted", retracts=["a"]),
            "u-3 had ordered the cart of 84.50 EUR already, 1 reminder taken back",
        ),
        (
            ABANDONMENT_TRIGGERS,
            trigger("retracted", retracts=["a", "b"], cart=None),
            "u-3 had ordered the cart already, 2 reminders taken back",
        ),
        (LOYALTY_TIERS, tier("joined", None, "bronze"), "u-5 joined club as bronze"),
        (LOYALTY_TIERS, tier("upgraded", "bronze", "silver"), "u-5 rose from bronze to silver in club"),
        (LOYALTY_TIERS, tier("downgraded", "gold", "silver"), "u-5 fell from gold to silver in club"),
        (LOYALTY_TIERS, tier("renewed", "gold", "gold"), "u-5 keeps gold in club"),
        (
            LOYALTY_TIERS,
            tier("will_downgrade", "gold", "silver"),
            "u-5 will fall from gold to silver in club on 2027-01-03",
        ),
        (LOYALTY_POINTS, points("confirmed", 84, 1084), "u-5 earned 84 points in club, balance 1,084"),
        (LOYALTY_POINTS, points("reversed", -20, -5), "u-5 lost 20 points to a refund in club, balance -5"),
        (LOYALTY_POINTS, points("a_later_entry", -20, 0), "u-5 has -20 points in club, balance 0"),
    ],
)
def test_a_decision_reads_as_a_sentence(topic: str, decision: dict[str, Any], told: str) -> None:
    assert sentence(topic, decision, KINDS) == told


def test_a_topic_of_a_later_version_is_told_without_its_fields() -> None:
    assert sentence("of-a-later-version", {"shopper": "u-1"}, KINDS) == "u-1 was decided about"


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        (8450, "EUR", "84.50 EUR"),
        (5, "EUR", "0.05 EUR"),
        (-105, "EUR", "-1.05 EUR"),
        (1_234_567, "JPY", "1,234,567 JPY"),
    ],
)
def test_money_is_told_in_major_units(amount: int, currency: str, told: str) -> None:
    assert money({"amount": amount, "currency": currency}) == told


def test_an_id_can_not_drive_the_terminal() -> None:
    told = sentence(SEGMENT_CHANGES, segment("entered", shopper="\x1b[2J\nu"), KINDS)

    assert told == "·[2J·u entered engaged"


def test_a_long_id_is_cut() -> None:
    assert printable("1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", longest=12) == "1b9d6bcd-bb…"
