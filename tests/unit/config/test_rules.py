"""Abandonment rules, loyalty programmes, shop and topics -> what the core and the edges take."""

import pytest

from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.definition import Member
from pipeline.domain.loyalty_definition import EarnRule, Level, ProgrammeDefinition, Span
from pipeline.domain.value.instant import DAY, HOUR
from tests.unit.config.builder import problems, topology

LEVELS = "levels: [{name: bronze, from: 0}, {name: silver, from: 100, keep: 80, multiplier: 1.25}]"
EARN = "earn: [{on: Order Completed, points: 1, per: 1.00}]"


def rule(body: str, **fields: object) -> None:
    (found,) = topology(f"abandonment: {{{body}}}").plan().abandonments
    assert {name: getattr(found, name) for name in fields} == fields


def test_defaults_of_a_cart() -> None:
    rule(
        "cart: {}", name="cart", kind="cart", stages=(4 * HOUR, 24 * HOUR, 72 * HOUR), subject="cart", minimum_value=1,
        minimum_views=1, cool_down=7 * DAY, expires=10 * DAY, recovered_within=5 * DAY, after_purchase=3 * DAY,
        resets_on="own_activity", on_activity="hold", when=None, unless=None,
    )  # fmt: skip


def test_defaults_of_browsing_and_checkout() -> None:
    rule("browse: {}", stages=(HOUR,), subject="product", cool_down=14 * DAY, after_purchase=10 * DAY, minimum_value=1)
    rule("checkout: {}", stages=(HOUR, 24 * HOUR, 72 * HOUR), subject="checkout", cool_down=7 * DAY)


def test_all_keys_of_an_abandonment_rule() -> None:
    plan = topology(
        "segments: {a: {when: {orders: {at_least: 1}}}}\n"
        "abandonment:\n"
        "  second-look: {kind: browse, stages: [30m, 1d], subject: session, minimum_value: 5, minimum_views: 3,"
        " cool_down: 0s, expires: 2d, recovered_within: 1h, after_purchase: 0s, resets_on: any_activity,"
        " on_activity: restart, when: {in: a}, unless: {in: a}}\n"
    ).plan()
    (found,) = plan.abandonments
    assert found == AbandonmentDefinition(
        name="second-look", kind="browse", stages=(HOUR // 2, DAY), identity=found.identity, subject="session",
        minimum_value=500, minimum_views=3, cool_down=0, expires=2 * DAY, recovered_within=HOUR, after_purchase=0,
        resets_on="any_activity", on_activity="restart", when=Member("a"), unless=Member("a"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("other: {}", "abandonment.other: needs kind: browse, cart, checkout"),
        ("cart: {kind: browse}", "abandonment.cart.kind: an entry named cart is of kind cart"),
        ("cart: {subject: product}", "abandonment.cart.subject: product is no subject of cart, say cart"),
        ("cart: {stages: []}", "abandonment.cart.stages: needs at least 1"),
        ("cart: {stages: [0h]}", "abandonment.cart.stages[0]: should be longer than 0h"),
        ("cart: {stages: [-4h]}", "abandonment.cart.stages[0]: -4h should not be negative"),
        ("cart: {stages: [P1M]}", "abandonment.cart.stages[0]: 'P1M' has no fixed length"),
        ("cart: {expires: 0s}", "abandonment.cart.expires: should be longer than 0s"),
        ("cart: {minimum_value: -1}", "abandonment.cart.minimum_value: -1 should not be negative"),
        ("browse: {minimum_views: 0}", "abandonment.browse.minimum_views: should be at least 1"),
        ("cart: {stages: [1h, 0s]}", "abandonment.cart.stages[1]: should be longer than 0s"),
        ("exit_intent: {stages: [0s, 0s]}", "abandonment.exit_intent.stages[1]: should be longer than 0s"),
        (
            "exit_intent: {kind: cart}",
            "abandonment.exit_intent.kind: an entry named exit_intent is of kind exit_intent",
        ),
        ("x: {kind: exit_intent, subject: checkout}", "abandonment.x.subject: checkout is no subject of exit_intent"),
        ("cart: {on: X}", "abandonment.cart.on: only exit_intent and payment_failure say which events arm them"),
        ("exit_intent: {on: '*'}", "abandonment.exit_intent.on: names events one by one, * is none"),
        ("exit_intent: {on: page, stages: []}", "abandonment.exit_intent.stages: needs at least 1"),
        (
            "payment_failure: {on: Completed Order}",
            "abandonment.payment_failure.on: rules see standard names: Completed",
        ),
        ("cart: {unless: {in: nobody}}", "abandonment.cart.unless.in: there is no segment nobody"),
        ("cart: ", "abandonment.cart: should be a mapping of keys"),
    ],
)
def test_mistakes_in_abandonment(body: str, told: str) -> None:
    found = problems(f"abandonment: {{{body}}}")
    assert any(problem.startswith(told) for problem in found), found


def test_a_whole_programme() -> None:
    plan = topology(
        "loyalty: {club: {earn: [{on: Order Completed, points: 1.5, per: 2.00, exclude: [tax, shipping]}],"
        f" refunds: floor_zero, tiers: {{metric: points_earned, window: {{rolling: 365d}}, {LEVELS},"
        " term: P1Y, grace: 30d, downgrade: to_qualified}}}"
    ).plan()
    (found,) = plan.programmes
    assert found == ProgrammeDefinition(
        name="club",
        identity=found.identity,
        earn=(EarnRule("Order Completed", 1_500_000, 200, ("shipping", "tax")),),
        metric="points_earned",
        levels=(Level("bronze", 0, 0), Level("silver", 100, 80, 1_250_000)),
        window=365 * DAY,
        term=Span(months=12),
        grace=Span(ms=30 * DAY),
        downgrade="to_qualified",
        refunds="floor_zero",
    )


def test_defaults_of_a_programme_and_money_of_spend() -> None:
    club = f"{{tiers: {{metric: spend, window: lifetime, {LEVELS}}}}}"
    (found,) = topology(f"loyalty: {{club: {club}}}").plan().programmes
    assert found.levels == (Level("bronze", 0, 0), Level("silver", 10_000, 8_000, 1_250_000))
    assert (found.window, found.term, found.grace, found.earn) == (None, None, Span(), ())
    assert (found.downgrade, found.refunds) == ("one_level", "negative_allowed")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (EARN, "loyalty.club: needs tiers"),
        (f"tiers: {{metric: points_earned, {LEVELS}}}", "loyalty.club.tiers.metric: points_earned needs earn"),
        (f"tiers: {{metric: points_active, {LEVELS}}}", "loyalty.club.tiers.metric: points_active needs earn"),
        ("tiers: {metric: spend, levels: []}", "loyalty.club.tiers.levels: needs at least 1"),
        ("tiers: {metric: spend, levels: [{name: a, from: 5}]}", "loyalty.club.tiers.levels[0].from: the lowest level"),
        (
            "tiers: {metric: spend, levels: [{name: a, from: 0}, {name: b, from: 0}]}",
            "loyalty.club.tiers.levels[1].from: levels ascend: b from 0 should be more than a from 0",
        ),
        (
            "tiers: {metric: spend, levels: [{name: a, from: 0}, {name: a, from: 1, keep: 2}]}",
            "loyalty.club.tiers.levels[1].keep: keep 2 is more than from 1",
        ),
        (
            "tiers: {metric: spend, levels: [{name: a, from: 0}, {name: a, from: 1}]}",
            "loyalty.club.tiers.levels[1].name: a is the name of two levels",
        ),
        (
            f"{EARN}, tiers: {{metric: points_earned, levels: [{{name: a, from: 0}}, {{name: b, from: 1.5}}]}}",
            "loyalty.club.tiers.levels[1].from: 1.5 should be a whole number",
        ),
        (
            "tiers: {metric: spend, levels: [{name: a, from: 0}], window: {anniversary: birth}}",
            "loyalty.club.tiers.window.anniversary: 'birth' should be joined or tier",
        ),
        (
            "tiers: {metric: spend, levels: [{name: a, from: 0}], window: {rolling: P1Y}}",
            "loyalty.club.tiers.window.rolling: 'P1Y' has no fixed length",
        ),
        (
            "tiers: {metric: spend, levels: [{name: a, from: 0}], notices: [7d]}",
            "loyalty.club.tiers.notices: notices",
        ),
        ("earn: [{on: Order Completed, points: 0, per: 1}]", "loyalty.club.earn[0].points: 0 should be more than 0"),
        ("confirm_after: 0s", "loyalty.club.confirm_after: should be longer than 0s"),
        ("confirm_after: P1M", "loyalty.club.confirm_after: 'P1M' has no fixed length"),
        ("expire: {}", "loyalty.club.expire: needs either after: 365d, by lot, or inactive: P12M"),
        ("expire: {after: 1d, inactive: 1d}", "loyalty.club.expire: needs either"),
        ("expire: {after: 0d}", "loyalty.club.expire.after: should be longer than 0d"),
        ("expire: {after: 1d, at: month}", "loyalty.club.expire.at: write end_of_month"),
        ("expire: {after: P1M, notices: [7d, 28d]}", "loyalty.club.expire.notices[1]: a notice so long before"),
        (
            f"confirm_after: 10d, expire: {{after: 10d}}, tiers: {{metric: spend, {LEVELS}}}",
            "loyalty.club.confirm_after: points would expire before they are confirmed",
        ),
    ],
)
def test_mistakes_in_loyalty(body: str, told: str) -> None:
    found = problems(f"loyalty: {{club: {{{body}}}}}")
    assert any(problem.startswith(told) for problem in found), found


def test_facts_of_the_shop() -> None:
    plan = topology(
        "shop: {timezone: Asia/Tokyo, currency: JPY, exchange_rates: {EUR: 160.25}}\n"
        "events: {aliases: {Basket Item Added: Product Added}}\n"
        "time: {received: field, tick: off, future_skew: 1m, late: {segments: 1d, triggers: 1h}}\n"
    ).plan()
    assert (plan.timezone, plan.currency, plan.rates) == ("Asia/Tokyo", "JPY", {"EUR": 160_250_000})
    assert plan.aliases == {"Basket Item Added": "Product Added"}
    assert (plan.future_skew, plan.late_segments, plan.late_triggers) == (60_000, DAY, HOUR)


def test_time_has_the_defaults_of_the_language() -> None:
    time = topology().time
    assert (time.received, time.tick, time.margin, time.stall) == ("broker", 500, 1_000, 600_000)
    assert topology("time: {tick: off}").time.tick is None


def test_topics_have_their_own_names_unless_renamed() -> None:
    shop = topology("topics: {clickstream: web.clicks.v1, shopper-changelog: state}")
    assert shop.topic("clickstream") == "web.clicks.v1"
    assert shop.topic("segment-changes") == "segment-changes"
    assert shop.topic("intake-changelog") == "shop.intake-changelog"
    assert shop.topic("shopper-changelog") == "state"
    with pytest.raises(KeyError):
        shop.topic("clickstrem")


def test_segment_calls_have_a_topic_where_they_are_asked_for() -> None:
    segments = "segments: {email: {when: {orders: {at_least: 1}}}}"
    assert "segment-calls" not in topology(segments).used_topics()
    shop = topology("segment_calls: {}\ntopics: {segment-calls: crm.calls}")
    assert shop.topic("segment-calls") == "crm.calls"
    assert "segment-calls" in shop.used_topics()
    assert shop.segment_calls is not None
    assert (shop.segment_calls.render, shop.segment_calls.traits) == ("both", ())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("topics: {clickstrem: x}", "topics.clickstrem: unknown topic, did you mean clickstream?"),
        (
            "topics: {messages: segment-calls}",
            "topics.messages: segment-calls would be both messages and segment-calls",
        ),
        ("topics: {clickstream: a b}", "topics.clickstream: 'a b' is no topic name of Kafka"),
        ("topics: {clickstream: loyalty-tiers}", "topics.clickstream: loyalty-tiers would be both clickstream and"),
        ("topics: {clickstream: segment-calls}", "topics.clickstream: segment-calls would be both clickstream and"),
        ("segment_calls: {render: page}", "segment_calls.render: 'page' should be track or identify or both"),
        ("segment_calls:", "segment_calls: has no value"),
        (
            "segment_calls: {}\nsegments: {email: {when: {orders: {at_least: 1}}}}",
            "segments.email: segment_calls would overwrite the trait email, rename the segment",
        ),
        (
            "segment_calls: {traits: [vip]}\nsegments: {vip: {when: {orders: {at_least: 1}}}}",
            "segments.vip: segment_calls would overwrite the trait vip",
        ),
        (
            "segment_calls: {}\ntraits: {birthday: {orders: {}}}",
            "traits.birthday: segment_calls would overwrite the trait birthday, rename the computed trait",
        ),
        (
            "segment_calls: {}\nsegments: {vip: {when: {orders: {at_least: 1}}}}\ntraits: {vip: {orders: {}}}",
            "traits.vip: segment_calls would overwrite the trait vip",
        ),
        (
            "segment_calls: {}\ntraits: {journey_stage: {orders: {}}}\njourney: [{stage: new}]",
            "traits.journey_stage: segment_calls would overwrite the trait journey_stage",
        ),
        ("kafka: {partitions: 0}", "kafka.partitions: should be at least 1"),
        ("kafka: {partitions: true}", "kafka.partitions: should be a whole number"),
        ("kafka: {format: protobuf}", "kafka.format: 'protobuf' should be json or avro"),
        ("shop: {timezone: Berlin}", "shop.timezone: Berlin is no IANA time zone"),
        ("shop: {currency: eur}", "shop.currency: eur is no ISO 4217 currency code, did you mean EUR?"),
        ("shop: {exchange_rates: {EUR: 1}}", "shop.exchange_rates.EUR: is the shop's own currency"),
        ("shop: {exchange_rates: {USD: -1}}", "shop.exchange_rates.USD: -1 should be more than 0"),
        ("shop: {exchange_rates: {USX: 1}}", "shop.exchange_rates.USX: USX is no ISO 4217 currency code"),
        ("events: {aliases: {A: B, B: C}}", "events.aliases.A: B is an alias itself, name C at once"),
        ("time: {stall: 0s}", "time.stall: should be longer than 0s"),
        ("segmets: {}", "segmets: unknown key, did you mean segments?"),
        ("segments: []", "segments: should be a mapping of keys"),
        ("shop:", "shop: has no value"),
        (f"segments: {{a{'b' * 64}: {{when: {{orders: {{at_least: 1}}}}}}}}", f"segments.a{'b' * 64}: 'abbb"),
    ],
)
def test_mistakes_around_the_rules(body: str, told: str) -> None:
    found = problems(body)
    assert any(problem.startswith(told) for problem in found), found


def test_values_may_come_from_the_environment() -> None:
    shop = topology('kafka: {partitions: "${PARTITIONS:-6}", format: "${FORMAT}"}', FORMAT="avro")
    assert (shop.kafka.partitions, shop.kafka.format) == (6, "avro")
