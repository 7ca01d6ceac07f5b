from pipeline.demo.tally import Tally
from pipeline.domain.decision import ABANDONMENT_TRIGGERS, LOYALTY_POINTS, LOYALTY_TIERS, SEGMENT_CHANGES
from tests.unit.demo.sample import points, segment, tier, trigger


def test_events_and_their_shoppers_are_counted_and_time_never_runs_back() -> None:
    tally = Tally()

    tally.see_event("a", received=2_000)
    tally.see_event("b", received=1_000)
    tally.see_event("a", received=1_500)

    assert (tally.events, tally.shoppers, tally.now) == (3, {"a", "b"}, 2_000)


def test_progress_moves_time_and_is_no_event() -> None:
    tally = Tally()

    tally.see_time(5_000)

    assert (tally.events, tally.now) == (0, 5_000)


def test_members_are_those_who_entered_and_did_not_leave() -> None:
    tally = Tally()

    for change in ("entered", "entered", "exited"):
        tally.see_decision(SEGMENT_CHANGES, segment(change))

    assert tally.members["engaged"] == 1
    assert tally.decided == 3


def test_reminders_are_counted_by_stage_and_recoveries_with_what_they_won() -> None:
    tally = Tally()

    tally.see_decision(ABANDONMENT_TRIGGERS, trigger("abandoned", stage=1))
    tally.see_decision(ABANDONMENT_TRIGGERS, trigger("abandoned", stage=2))
    tally.see_decision(ABANDONMENT_TRIGGERS, trigger("recovered", stage=2))
    tally.see_decision(ABANDONMENT_TRIGGERS, trigger("retracted", retracts=["x", "y"]))
    tally.see_decision(ABANDONMENT_TRIGGERS, trigger("recovered", kind="checkout", cart=None))

    cart = tally.abandonment["cart"]
    assert (dict(cart.stages), cart.recovered, cart.retracted, cart.won) == ({1: 1, 2: 1}, 1, 2, 8450)
    assert (tally.abandonment["checkout"].recovered, tally.abandonment["checkout"].won) == (1, 0)


def test_a_tier_is_held_until_the_next_one() -> None:
    tally = Tally()

    tally.see_decision(LOYALTY_TIERS, tier("joined", None, "bronze"))
    tally.see_decision(LOYALTY_TIERS, tier("joined", None, "bronze"))
    tally.see_decision(LOYALTY_TIERS, tier("upgraded", "bronze", "silver"))
    tally.see_decision(LOYALTY_TIERS, tier("renewed", "silver", "silver"))
    tally.see_decision(LOYALTY_TIERS, tier("will_downgrade", "silver", "bronze"))
    assert dict(tally.tiers["club"]) == {"bronze": 1, "silver": 1}

    tally.see_decision(LOYALTY_TIERS, tier("downgraded", "silver", "bronze"))
    assert tally.tiers["club"] == {"bronze": 2, "silver": 0}


def test_points_add_up_with_their_signs() -> None:
    tally = Tally()

    tally.see_decision(LOYALTY_POINTS, points("confirmed", 84, 84))
    tally.see_decision(LOYALTY_POINTS, points("reversed", -20, 64))

    assert tally.points["club"] == 64


def test_dead_letters_are_counted_by_reason() -> None:
    tally = Tally()

    for reason in ("undecodable", "late", "late"):
        tally.see_dead_letter(reason)

    assert tally.dead_letters == {"undecodable": 1, "late": 2}
