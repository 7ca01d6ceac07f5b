"""What was understood of a topology: which events touch which rules, what is kept, which timers may run."""

from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.config.bonus_account import kept_of_bonuses
from pipeline.config.context_path import unread_paths
from pipeline.config.contradiction import always_true
from pipeline.config.duration import format_duration
from pipeline.config.kept_state import ORDER_BOOK, kept, kept_of_trait, kept_of_window
from pipeline.config.message_account import message_rules
from pipeline.config.purse_account import kept_of_points
from pipeline.config.quantity import format_micro
from pipeline.config.record_bound import record_bound
from pipeline.config.reference import members_of
from pipeline.config.sequence import listed_properties
from pipeline.config.timer import (
    abandonment_timers,
    journey_timers,
    points_timers,
    programme_timers,
    segment_timers,
    trait_timers,
)
from pipeline.config.topology import Topology
from pipeline.domain.abandonment.browse import PRODUCT_VIEWED
from pipeline.domain.abandonment.checkout import CHECKOUT_EVENTS
from pipeline.domain.abandonment.rule import BROWSE, OF_PRODUCTS, WISHLIST
from pipeline.domain.abandonment.wishlist import WISHLIST_EVENTS
from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.commerce.cart import CART_EVENTS
from pipeline.domain.commerce.link import LONGEST as LINK
from pipeline.domain.commerce.order import ORDER_EVENTS, REFUNDS
from pipeline.domain.commerce.order_book import ORDERS
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty_definition import REDEMPTION_EVENTS
from pipeline.domain.messaging.consent_event import CONSENT_EVENTS
from pipeline.domain.segments.segment import CART, CONSENT, REFERRED, TRAITS, ZONE, earning_reads, reads, trait_reads
from pipeline.domain.segments.segment import ORDERS as ORDER_CAUSE
from pipeline.domain.value.instant import format_known
from pipeline.runtime.ports import SHOPPER_LIMIT

# Any call tells the zone that it comes from.
ANOTHER_ZONE = "another time zone"
# Any call may tell of a consent manager's categories, and of a device that push messages go to.
ANOTHER_CATEGORY = "another consent category"
ANOTHER_DEVICE = "another device"

_SHORT = {
    CART: CART_EVENTS,
    ORDER_CAUSE: ORDER_EVENTS,
    TRAITS: frozenset({"identify"}),
    CONSENT: CONSENT_EVENTS | {ANOTHER_CATEGORY, ANOTHER_DEVICE},
    ZONE: frozenset({"identify", ANOTHER_ZONE}),
    # The one who referred: it has the name of the friend's event.
    REFERRED: frozenset(),
}


def account(topology: Topology) -> dict[str, Any]:
    """The account as data: what `afterclick check --json` prints."""
    plan = topology.plan()
    rules = [*_segments(plan), *_traits(plan), *_journey(plan), *_abandonments(plan), *_programmes(plan)]
    rules += message_rules(plan, rules)
    for rule in rules:
        rule["title"] = _title(topology, rule["section"], rule["name"])
    time = topology.time
    return {
        "name": topology.name,
        "digest": plan.digest,
        "shop": {
            "timezone": plan.timezone,
            "currency": plan.currency,
            "exchange_rates": {currency: format_micro(rate) for currency, rate in plan.rates.items()},
        },
        "kafka": topology.kafka.model_dump(),
        "topics": {logical: topology.topic(logical) for logical in topology.used_topics()},
        "time": {
            "received": time.received,
            "tick": "off" if time.tick is None else format_duration(time.tick),
            "margin": format_duration(time.margin),
            "stall": format_duration(time.stall),
            "future_skew": format_duration(time.future_skew),
            "late": {"segments": format_duration(time.late.segments), "triggers": format_duration(time.late.triggers)},
            "live_from": format_known(time.live_from or 0),
        },
        "intake": list(topology.intake.told()) if topology.intake is not None else [],
        "aliases": plan.aliases,
        "events": _by_event(rules),
        "rules": rules,
        "record": _record(plan),
        "remarks": list(_remarks(plan)),
    }


def _title(topology: Topology, section: str, name: str) -> str:
    if section == "journey":
        # A list, and one rule as a whole.
        return ", ".join(one.stage for one in topology.journey)
    if section == "messaging":
        return topology.messaging.messages[name].title if topology.messaging is not None else ""
    title: str = getattr(topology, section)[name].title
    return title


def _record(plan: Plan) -> dict[str, Any]:
    """Bytes of a shopper's record at the most. orders, refunds: how many are kept one by one; an_order, a_refund: what
    each of them takes of it."""
    bound = record_bound(plan)
    return {
        "parts": {part: size for part, size in bound.parts.items() if size},
        "total": bound.total,
        "limit": SHOPPER_LIMIT,
        "an_order": bound.order,
        "a_refund": bound.refund,
        "orders": ORDERS,
        "refunds": REFUNDS,
    }


def _by_event(rules: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """Event name -> rules that it touches."""
    touched: dict[str, list[str]] = {}
    for rule in rules:
        for event in rule["touched_by"]:
            touched.setdefault(event, []).append(f"{rule['section']}.{rule['name']}")
    return dict(sorted(touched.items()))


def _rule(
    section: str, name: str, definition: str, touched_by: Iterable[str], keeps: Iterable[str], timers: Iterable[str]
) -> dict[str, Any]:
    return {
        "section": section,
        "name": name,
        "definition": definition,
        "touched_by": sorted(set(touched_by)),
        "keeps": list(dict.fromkeys(keeps)),
        "timers": list(dict.fromkeys(timers)),
    }


def _events_of(plan: Plan) -> dict[str, set[str]]:
    """Segment -> events that touch it. Segments come after those they refer to, so what touches those is known."""
    events: dict[str, set[str]] = {}
    for segment in plan.segments:
        events[segment.name] = _touching(reads(segment.when), events)
    return events


def _touching(causes: Iterable[str], events: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    for read in causes:
        found.update(events[read[3:]] if read.startswith("in:") else _SHORT.get(read, {read}))
    return found


def _segments(plan: Plan) -> Iterator[dict[str, Any]]:
    events = _events_of(plan)
    for segment in plan.segments:
        members = (f"membership in {name}" for name in members_of(segment.when))
        waits = ("since when a change waits for its hold",) if segment.hold is not None else ()
        yield _rule(
            "segments",
            segment.name,
            segment.identity,
            events[segment.name],
            [*kept(segment.when), *members, *waits],
            segment_timers(segment),
        )


def _traits(plan: Plan) -> Iterator[dict[str, Any]]:
    for trait in plan.traits:
        touched = _touching(trait_reads(trait), {})
        keeps = [kept_of_trait(trait), *kept_of_window(trait.within)]
        yield _rule("traits", trait.name, trait.identity, touched, keeps, trait_timers(trait))


def _journey(plan: Plan) -> Iterator[dict[str, Any]]:
    if plan.journey is None:
        return
    conditions = [stage.when for stage in plan.journey.stages if stage.when is not None]
    causes = (read for condition in conditions for read in reads(condition))
    keeps = [each for condition in conditions for each in kept(condition)]
    keeps += [f"membership in {name}" for condition in conditions for name in members_of(condition)]
    timers = journey_timers(plan.journey)
    yield _rule("journey", "stages", plan.journey.identity, _touching(causes, _events_of(plan)), keeps, timers)


def _abandonments(plan: Plan) -> Iterator[dict[str, Any]]:
    for rule in plan.abandonments:
        touched = CART_EVENTS | CHECKOUT_EVENTS | set(rule.events)
        if rule.kind == BROWSE:
            touched |= {PRODUCT_VIEWED}
        elif rule.kind == WISHLIST:
            touched |= WISHLIST_EVENTS
        if rule.resets_on == "any_activity":
            touched |= {"*"}
        keeps = _left_behind(rule, plan)
        yield _rule("abandonment", rule.name, rule.identity, touched, keeps, abandonment_timers(rule))


def _left_behind(rule: AbandonmentDefinition, plan: Plan) -> Iterator[str]:
    if rule.kind in OF_PRODUCTS:
        yield "the product of each running instance"
        if rule.minimum_views > 1:
            yield f"latest {rule.minimum_views} views of each of the 20 subjects viewed last"
    else:
        yield "the lines of the open carts"
    if plan.links:
        yield f"where these are found, links of up to {LINK} bytes"
    yield "each running instance, its activity and its stages"
    for guard in (rule.when, rule.unless):
        if guard is not None:
            yield from kept(guard)
            yield from (f"membership in {name}" for name in members_of(guard))


def _programmes(plan: Plan) -> Iterator[dict[str, Any]]:
    for programme in plan.programmes:
        keeps = [ORDER_BOOK, "a lot of points for each order", *kept_of_points(programme), *kept_of_bonuses(programme)]
        touched = ORDER_EVENTS | REDEMPTION_EVENTS | _touching(earning_reads(programme), {})
        timers = [*points_timers(programme), *programme_timers(programme)]
        yield _rule("loyalty", programme.name, programme.identity, touched, keeps, timers)


def _remarks(plan: Plan) -> Iterator[str]:
    """What is allowed, and probably not meant."""
    if (total := record_bound(plan).total) > SHOPPER_LIMIT:
        yield (
            f"a shopper's record may come to {total:,} bytes, of which {SHOPPER_LIMIT:,} are stored: who does all there"
            " is to excess is refused events (oversize); use fewer windows that sum or average"
        )
    yield from unread_paths(plan)
    for segment in plan.segments:
        for bound in always_true(segment.when):
            yield f"segments.{segment.name}: {bound}"
        for event, path in listed_properties(segment.when):
            yield (
                f"segments.{segment.name}: {event} names its products in a list, so it has no {path} of its own and"
                f" is no step of a sequence with the same {path}"
            )
    for rule in plan.abandonments:
        since = 0
        for number, delay in enumerate(rule.stages, 1):
            since += delay
            if since > rule.expires:
                yield (
                    f"abandonment.{rule.name}: stage {number} is due {format_duration(since)} after the last activity,"
                    f" but the instance expires after {format_duration(rule.expires)}"
                )
        if rule.minimum_views > 1 and rule.kind != BROWSE:
            yield f"abandonment.{rule.name}: minimum_views counts product views, a {rule.kind} has none"
    for programme in plan.programmes:
        if programme.looks_back is None and programme.term is None and programme.metric == "points_earned":
            yield f"loyalty.{programme.name}: points of all time and no term, so only refunds lose a level"
