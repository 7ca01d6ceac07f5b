"""Messaging: what a topology says of messages, as the core takes it, and what it is refused for."""

import pytest

from pipeline.domain.definition import Member
from pipeline.domain.message_definition import (
    Cap,
    FurtherChannel,
    Holdout,
    MessageDefinition,
    MessagingDefinition,
    Occasion,
    QuietHours,
)
from pipeline.domain.value.instant import HOUR, MINUTE
from tests.unit.config.builder import problems, topology

RULES = """\
segments: {vip: {when: {orders: {at_least: 2}}}}
abandonment: {cart: {}, look: {kind: browse, stages: [1h, 2h]}}
loyalty:
  club: {earn: [{on: Order Completed, points: 1, per: 1}], tiers: {metric: points_earned, levels: [{name: a, from: 0}]}}
"""


def messaging(body: str) -> MessagingDefinition:
    found = topology(f"{RULES}messaging: {body}").plan().messaging
    assert found is not None
    return found


def mistakes(body: str) -> list[str]:
    return [one.removeprefix("messaging.") for one in problems(f"{RULES}messaging: {body}")]


def test_a_topology_without_messaging_has_no_messages_and_no_topics_for_them() -> None:
    shop = topology(RULES)
    assert shop.plan().messaging is None
    assert not {"messages", "message-suppressions"} & set(shop.used_topics())
    assert {"messages", "message-suppressions"} <= set(topology("messaging: {}").used_topics())


def test_what_is_left_out_is_none_but_for_the_minute_of_arbitration() -> None:
    assert messaging("{}") == MessagingDefinition((), (), None, None, MINUTE)


def test_all_keys() -> None:
    found = messaging(
        "{quiet_hours: {from: '21:30', to: '08:00', channels: [sms, email], spread: 30m}, arbitration: 5s,"
        " holdout: {percent: 2.5, salt: q1}, caps: [{channel: sms, at_most: 1, per: 1d},"
        " {channel: email, at_most: 1, per: 16h, over: defer}], messages: {reminder: {title: Come back,"
        " on: {abandonment: cart, stage: 3}, channel: email, priority: 50, variants: {b: 33.34, a: 66.66},"
        " unless: {in: vip}, expires: 12h, transactional: true, quiet_hours: ignore}}}"
    )
    (message,) = found.messages
    assert message == MessageDefinition(
        "reminder", Occasion("abandonment", "cart", "abandoned", 3), "email", message.identity, 50,
        (("a", 6_666), ("b", 3_334)), Member("vip"), 12 * HOUR, transactional=True, heeds_quiet_hours=False,
    )  # fmt: skip
    assert found.quiet_hours == QuietHours(21 * HOUR + 30 * MINUTE, 8 * HOUR, ("email", "sms"), 30 * MINUTE)
    assert found.caps == (Cap("email", 1, 16 * HOUR, defers=True), Cap("sms", 1, 24 * HOUR))
    assert (found.holdout, found.arbitration) == (Holdout(250, "q1"), 5_000)


@pytest.mark.parametrize(
    ("on", "occasion"),
    [
        ("abandonment: cart", Occasion("abandonment", "cart", "abandoned")),
        ("segment: vip, change: exited", Occasion("segment", "vip", "exited")),
        ("tier: club, change: upgraded", Occasion("tier", "club", "upgraded")),
        ("points: club, entry: confirmed", Occasion("points", "club", "confirmed")),
        ("event: Order Completed", Occasion("event", "Order Completed")),
    ],
)
def test_occasions(on: str, occasion: Occasion) -> None:
    assert messaging(f"{{messages: {{m: {{on: {{{on}}}, channel: push}}}}}}").messages[0].on == occasion


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("", ": needs exactly one of abandonment, segment, tier, points, event; this has none"),
        (
            "event: A, segment: vip",
            ": needs exactly one of abandonment, segment, tier, points, event; this has segment",
        ),
        ("segment: vip", ": needs change: entered or exited"),
        ("segment: vip, change: upgraded", ".change: 'upgraded' should be entered or exited"),
        ("segment: vips, change: entered", ".segment: there is no segment vips, did you mean vip?"),
        ("tier: club", ": needs change: joined, upgraded, downgraded, renewed or will_downgrade"),
        ("tier: clubs, change: joined", ".tier: there is no loyalty programme clubs, did you mean club?"),
        ("points: club", ": needs entry: pending, confirmed, reversed, redeemed, returned, expired, adjusted"),
        ("points: club, entry: lost", ".entry: 'lost' should be pending or confirmed or reversed"),
        ("points: pub, entry: confirmed", ".points: there is no loyalty programme pub"),
        ("event: Viewed Product", ".event: rules see standard names: Viewed Product is an alias of Product Viewed"),
        ("event: '*'", ".event: should be the name of one event"),
        ("event: [A, B]", ".event: should be the name of one event"),
        ("event: identify", ".event: identify calls are never counted"),
        ("event: A, stage: 1", ".stage: is for abandonment only, leave it out"),
        ("abandonment: cart, change: entered", ".change: is for segment and tier only, leave it out"),
        ("abandonment: basket", ".abandonment: there is no abandonment rule basket"),
        ("abandonment: cart, stage: 0", ".stage: should be at least 1"),
        ("abandonment: cart, stage: 4", ".stage: cart has 3 stages, no stage 4"),
        ("abandonment: look, stage: 3", ".stage: look has 2 stages, no stage 3"),
    ],
)
def test_mistakes_of_occasions(on: str, told: str) -> None:
    (found,) = mistakes(f"{{messages: {{m: {{on: {{{on}}}, channel: push}}}}}}")
    assert found.startswith(f"messages.m.on{told}")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("caps: [{channel: email, at_most: 0, per: 1h}]", "caps[0].at_most: a cap of 0 lets nothing through"),
        ("caps: [{channel: email, at_most: 1001, per: 1h}]", "caps[0].at_most: should be at most 1000"),
        ("caps: [{channel: email, at_most: 1, per: P1M}]", "caps[0].per: 'P1M' has no fixed length"),
        ("quiet_hours: {from: '08:00', to: '08:00'}", "quiet_hours: begin and end at the same time"),
        ("quiet_hours: {from: '24:00', to: '08:00'}", "quiet_hours.from: 24:00 is no time of day"),
        ("quiet_hours: {from: '8:00', to: '09:00'}", "quiet_hours.from: 8:00 is no time of day"),
        (
            "quiet_hours: {from: '21:00', to: '08:00', spread: 14h}",
            "quiet_hours.spread: 14h is longer than the 13h that are not quiet",
        ),
        (
            "quiet_hours: {from: '01:00', to: '23:00', spread: 3h}",
            "quiet_hours.spread: 3h is longer than the 2h that are not quiet",
        ),
        ("holdout: {percent: 5}", "holdout: needs salt"),
        ("holdout: {percent: -1, salt: x}", "holdout.percent: -1 should be from 0 to 100"),
        ("holdout: {percent: 0.005, salt: x}", "holdout.percent: 0.005 has more than 2 decimal places"),
        ("escalate: [email]", "escalate: unknown key"),
        (
            "quiet_hours: {from: '21:00', to: '08:00'}, messages: {m: {on: {event: A}, channel: sms,"
            " send: {earliest: '22:00', latest: '08:00'}}}",
            "messages.m.send: is all in quiet_hours, so it would never be sent",
        ),
        (
            "messages: {m: {on: {event: A}, channel: sms, campaign: c, discount: X},"
            " n: {on: {event: A}, channel: email, campaign: c}}",
            "messages.n.discount: m is of the campaign c as well and says otherwise",
        ),
        (
            "messages: {m: {on: {event: A}, channel: sms}, n: {on: {event: A}, channel: email, campaign: m,"
            " variants: {a: 100}}}",
            "messages.n.variants: m is of the campaign m as well and says otherwise",
        ),
    ],
)
def test_mistakes_of_messaging(body: str, told: str) -> None:
    (found,) = mistakes(f"{{{body}}}")
    assert found.startswith(told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("channel: email, variants: {a: 50, b: 49}", "variants: together they make 99 per cent, should be 100"),
        ("channel: email, variants: {a: 50.5, b: 50}", "variants: together they make 100.5 per cent, should be 100"),
        ("channel: email, variants: {a: -1, b: 101}", "variants.a: -1 should be from 0 to 100"),
        ("channel: fax", "channel: 'fax' should be email or sms or push or on-site"),
        ("channel: email, unless: {in: vips}", "unless.in: there is no segment vips, did you mean vip?"),
        ("channel: email, unless: {all: [{in: vip}, {not: {in: vip}}]}", "unless: all[0] and all[1] are each other's"),
        ("channel: email, expires: 0s", "expires: should be longer than 0s"),
        ("channel: email, transactional: maybe", "transactional: should be true or false"),
        ("channel: email, escalate: [sms]", "escalate: needs two channels or more; one is written `channel: email`"),
        ("escalate: [email, sms after 2 hours]", "escalate[1]: sms after 2 hours is no step: write a channel, or"),
        ("escalate: [email, fax]", "escalate[1]: there is no channel fax"),
        ("escalate: [email, psh after 1h]", "escalate[1]: there is no channel psh, did you mean push?"),
        ("escalate: [email, sms after P1M]", "escalate[1]: 'P1M' has no fixed length"),
        ("escalate: [email, sms after 0s]", "escalate[1]: should come later than 0s"),
        ("escalate: [email after 1h, sms]", "escalate: begins at once, so the first has no `after`"),
        ("escalate: [email, sms, email]", "escalate: names a channel twice"),
        (
            "escalate: [email, push after 2h, sms after 10h], expires: 12h",
            "escalate: comes to its end after 12h, when the message has expired",
        ),
        ("channel: email, payload: none", "payload: 'none' should be full or reference"),
        ("channel: email, send: {}", "send: begins and ends at the same time, which says nothing"),
        ("channel: email, send: {earliest: 9}", "send.earliest: 9 is no time of day"),
        ("channel: email, send: {latest: '01:00', spread: 2h}", "send.spread: 2h is longer than the 1h to send in"),
        ("channel: email, discount: {a: X}", "discount: there is no variant a, as there are no variants"),
        ("channel: email, variants: {a: 100}, discount: X", "discount: needs to say of which variant"),
        ("channel: email, variants: {a: 100}, discount: {b: X}", "discount: there is no variant b"),
    ],
)
def test_mistakes_of_messages(body: str, told: str) -> None:
    found = mistakes(f"{{messages: {{m: {{on: {{event: A}}, {body}}}}}}}")
    assert any(one.startswith(f"messages.m.{told}") for one in found), found


def test_a_message_has_a_channel_or_several() -> None:
    (both,) = mistakes("{messages: {m: {on: {event: A}, channel: email, escalate: [sms, push]}}}")
    (none,) = mistakes("{messages: {m: {on: {event: A}}}}")
    assert both == "messages.m: has channel and escalate, leave one out"
    assert none == "messages.m: needs channel, or escalate with several"


def test_keys_of_channels_campaigns_hours_and_payloads() -> None:
    found = messaging(
        "{payload: reference, quiet_hours: {from: '21:00', to: '08:00'}, messages: {"
        "a: {on: {event: A}, escalate: [email, push, sms after 24h], campaign: spring, variants: {x: 50, y: 50},"
        " discount: {x: TEN}, send: {earliest: '09:00', latest: '20:00', spread: 1h}},"
        " b: {on: {event: B}, channel: on-site, campaign: b, payload: full, discount: TEN, send: {latest: '20:00'}}}}"
    )
    a, b = found.messages
    assert (a.channels, a.channel) == (("email", "push", "sms"), "email")
    assert a.further == (FurtherChannel("push"), FurtherChannel("sms", 24 * HOUR))
    assert (a.experiment, a.reference, a.discount("x"), a.discount("y")) == ("spring", True, "TEN", None)
    assert a.quiet == QuietHours(20 * HOUR, 9 * HOUR, spread=HOUR)
    assert b == MessageDefinition(
        "b", Occasion("event", "B"), "on-site", b.identity, discounts=(("", "TEN"),), quiet=QuietHours(20 * HOUR, 0)
    )
    assert b.discount(None) == "TEN"


def test_what_a_message_means_is_its_identity() -> None:
    def identity(**keys: str) -> str:
        written = ", ".join(
            f"{key}: {value}" for key, value in {"on": "{event: A}", "channel": "email", **keys}.items()
        )
        return messaging(f"{{messages: {{m: {{{written}}}}}}}").messages[0].identity

    assert identity() == identity(title="Hello", priority="0", quiet_hours="heed", variants="{}")
    assert identity() == identity(campaign="m", payload="full", discount="{}")
    assert len({identity(), identity(channel="sms"), identity(priority="1"), identity(variants="{a: 100}")}) == 4


def test_a_plan_with_other_bounds_on_messages_is_another_one() -> None:
    digests = {topology(RULES).plan().digest} | {
        topology(f"{RULES}messaging: {body}").plan().digest
        for body in ("{}", "{arbitration: 5s}", "{caps: [{channel: email, at_most: 1, per: 1h}]}")
    }
    assert len(digests) == 4


LEFT = "abandonment: {cart: {}}\n"
TOLD = "left: {on: {abandonment: cart}, channel: email}"
ASKED = "note: {on: {event: Ask}, channel: email}"


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (LEFT, False),
        (f"{LEFT}shop: {{links: true}}\n", True),
        (f"{LEFT}messaging: {{messages: {{{TOLD}}}}}\n", True),
        (f"{LEFT}shop: {{links: false}}\nmessaging: {{messages: {{{TOLD}}}}}\n", False),
        (f"{LEFT}messaging: {{messages: {{{ASKED}}}}}\n", False),
        (f"{LEFT}messaging: {{payload: reference, messages: {{{TOLD}}}}}\n", False),
    ],
)
def test_links_are_kept_where_a_message_tells_them_or_the_shop_says_so(text: str, links: bool) -> None:
    assert topology(text).plan().links is links


def test_what_a_shop_says_of_links_makes_another_plan() -> None:
    plain = topology(LEFT).plan().digest
    stated = {topology(f"{LEFT}shop: {{links: {said}}}\n").plan().digest for said in ("true", "false")}
    assert len(stated | {plain}) == 3
