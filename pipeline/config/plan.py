"""From a topology to the plan that the core is compiled from."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.config.consent import asks_for_consent
from pipeline.config.identity import digest, identity
from pipeline.config.reference import in_order, members_of
from pipeline.config.resolution import Surroundings, resolved, surroundings_of
from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.consent_definition import ConsentDefinition
from pipeline.domain.definition import Plan, SegmentDefinition
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.intake_definition import HotKeyDefinition
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.message_definition import MessagingDefinition

if TYPE_CHECKING:
    from pipeline.config.topology import Topology


def make_plan(topology: "Topology") -> Plan:
    """Rules stand in a canonical order, whatever their order in the file: segments after those they refer to, else by
    name. So topologies of one digest decide alike."""
    shop = topology.shop
    surroundings = surroundings_of(topology)
    segments = _segments(topology, surroundings)
    members = {segment.name: segment.identity for segment in segments}
    abandonments = _abandonments(topology, surroundings, members)
    programmes = _programmes(topology, members)
    messaging = _messaging(topology, surroundings, members)
    journey = surroundings.journey
    if journey is not None:
        journey = replace(journey, identity=identity(journey, members))
    traits = tuple(
        replace(one, identity=identity(one, {}), title=topology.traits[one.name].title)
        for one in surroundings.traits.values()
    )
    identities = [
        *(rule.identity for rule in traits),
        *members.values(),
        *(rule.identity for rule in abandonments),
        *(rule.identity for rule in programmes),
        *([journey.identity] if journey is not None else []),
        *([identity(messaging, members)] if messaging is not None else []),
    ]
    told = {
        "loud": sorted(segment.name for segment in segments if segment.loud),
        "loud_programmes": sorted(programme.name for programme in programmes if programme.loud),
    }
    plan = Plan(
        name=topology.name,
        digest=digest(identities, _facts(topology) | {key: names for key, names in told.items() if names}),
        timezone=shop.timezone,
        currency=shop.currency,
        rates=dict(sorted(shop.exchange_rates.items())),
        aliases=dict(sorted(topology.events.aliases.items())),
        future_skew=topology.time.future_skew,
        late_segments=topology.time.late.segments,
        late_triggers=topology.time.late.triggers,
        segments=segments,
        abandonments=abandonments,
        programmes=programmes,
        rfm=surroundings.rfm,
        journey=journey,
        traits=traits,
        free_shipping_from=shop.free_shipping_from,
        links=_tells_links(messaging) if shop.links is None else shop.links,
        messaging=messaging,
        erasure=topology.erasure.definition() if topology.erasure is not None else None,
        inactive=topology.retention.inactive,
        intake=topology.intake.definition() if topology.intake is not None else None,
        hot_keys=_hot_keys(topology),
        live_from=topology.time.live_from or 0,
    )
    return replace(plan, consent=_consent(topology, plan), identities=_identities(topology))


def _hot_keys(topology: "Topology") -> HotKeyDefinition | None:
    rules = topology.intake.hot_keys if topology.intake is not None else None
    return rules.definition() if rules is not None else None


def _identities(topology: "Topology") -> IdentityDefinition | None:
    """None where ids are shoppers as sent."""
    if topology.identity is None:
        return None
    rule = topology.identity.definition()
    return replace(rule, identity=identity(rule, {}))


def _consent(topology: "Topology", plan: Plan) -> ConsentDefinition | None:
    """None where nothing asks for consent: then it is kept, and its changes are not told."""
    if topology.messaging is None and not any(map(asks_for_consent, plan.conditions())):
        return None
    rule = topology.messaging.consent.definition() if topology.messaging is not None else ConsentDefinition()
    return replace(rule, identity=identity(rule, {}))


def _facts(topology: "Topology") -> dict[str, Any]:
    """What else changes what is decided. A fact that is not stated is left out, so that a key added later
    changes no digest."""
    shop = topology.shop
    facts: dict[str, Any] = {"timezone": shop.timezone, "currency": shop.currency, "rates": shop.exchange_rates}
    if shop.free_shipping_from is not None:
        facts["free_shipping_from"] = shop.free_shipping_from
    if topology.retention.inactive is not None:
        facts["inactive"] = topology.retention.inactive
    if shop.links is not None:
        facts["links"] = shop.links
    return facts


def _tells_links(messaging: MessagingDefinition | None) -> bool:
    """Whether a message tells of carts or products that were left."""
    messages = messaging.messages if messaging is not None else ()
    return any(one.on.source == "abandonment" and not one.reference for one in messages)


def _segments(topology: "Topology", surroundings: Surroundings) -> tuple[SegmentDefinition, ...]:
    rules = {name: resolved(segment.when.meaning(), surroundings) for name, segment in topology.segments.items()}
    identities: dict[str, str] = {}
    segments = []
    for name in in_order({name: list(members_of(rule)) for name, rule in rules.items()}):
        entry = topology.segments[name]
        loud = entry.definition_change == "loud"
        unnamed = SegmentDefinition(name, rules[name], identity="", hold=entry.damping(), loud=loud)
        identities[name] = identity(unnamed, identities)
        segments.append(replace(unnamed, identity=identities[name], title=entry.title))
    return tuple(segments)


def _abandonments(
    topology: "Topology", surroundings: Surroundings, members: dict[str, str]
) -> tuple[AbandonmentDefinition, ...]:
    rules = []
    for name, entry in sorted(topology.abandonment.items()):
        rule = entry.definition(name)
        when, unless = (one and resolved(one, surroundings) for one in (rule.when, rule.unless))
        rule = replace(rule, when=when, unless=unless)
        rules.append(replace(rule, identity=identity(rule, members)))
    return tuple(rules)


def _programmes(topology: "Topology", members: dict[str, str]) -> tuple[ProgrammeDefinition, ...]:
    currency = topology.shop.currency
    return tuple(
        rule.definition(name, currency, identity(rule.definition(name, currency), members))
        for name, rule in sorted(topology.loyalty.items())
    )


def _messaging(topology: "Topology", surroundings: Surroundings, members: dict[str, str]) -> MessagingDefinition | None:
    block = topology.messaging
    if block is None:
        return None
    messages = []
    for name, entry in sorted(block.messages.items()):
        message = entry.definition(name, block.payload)
        message = replace(message, unless=message.unless and resolved(message.unless, surroundings))
        messages.append(replace(message, identity=identity(message, members)))
    return MessagingDefinition(
        messages=tuple(messages),
        caps=tuple(sorted(cap.definition() for cap in block.caps)),
        quiet_hours=block.quiet_hours.definition() if block.quiet_hours else None,
        holdout=block.holdout.definition() if block.holdout else None,
        arbitration=block.arbitration,
        layers=block.layering(),
    )
