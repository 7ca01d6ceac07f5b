"""What a principal has to be allowed on the brokers, and no more. READ and WRITE include DESCRIBE."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

WHY_TO_SEE_SETTINGS = "DESCRIBE_CONFIGS"
"""The one operation that can be left out: the settings of topics then stay unverified, with a warning."""


class Resource(StrEnum):
    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONAL_ID = "transactional-id"


class Grant(msgspec.Struct, frozen=True):
    """principal: role that needs it: intake, shopper, topics, backfill, import, consumer. operations: Kafka's names.
    prefixed: of all resources whose name begins so. why: for the table."""

    principal: str
    resource: Resource
    name: str
    operations: tuple[str, ...]
    why: str
    prefixed: bool = False


def agent_grants(
    agent: str, group: str, source: str, changelog: str, outputs: Iterable[str], grafts: str = ""
) -> list[Grant]:
    """group: of the agent, also the beginning of its transactional ids. source, changelog, outputs, grafts: topics."""
    see = WHY_TO_SEE_SETTINGS
    return [
        Grant(agent, Resource.TOPIC, source, ("READ", see), "its source"),
        Grant(agent, Resource.TOPIC, changelog, ("READ", "WRITE", see), "its state: written, and read to restore it"),
        *(Grant(agent, Resource.TOPIC, topic, ("WRITE", see), "an output") for topic in outputs),
        *([Grant(agent, Resource.TOPIC, grafts, ("READ",), "what a backfill found")] if grafts else []),
        Grant(agent, Resource.GROUP, group, ("READ",), "shares the partitions among workers"),
        Grant(
            agent,
            Resource.TRANSACTIONAL_ID,
            f"{group}.",
            ("WRITE",),
            "a transactional producer a partition, which also fences",
            prefixed=True,
        ),
    ]


def topics_grants(topics: Iterable[str]) -> list[Grant]:
    """Of `afterclick topics`."""
    operations = ("CREATE", "DESCRIBE", WHY_TO_SEE_SETTINGS, "ALTER_CONFIGS")
    return [Grant("topics", Resource.TOPIC, topic, operations, "made, verified, mended") for topic in topics]


def backfill_grants(source: str, changelog: str, grafts: str, prefix: str) -> list[Grant]:
    """Of `afterclick backfill`. prefix: beginning of its transactional ids."""
    role = "backfill"
    return [
        Grant(role, Resource.TOPIC, source, ("READ",), "the history"),
        Grant(role, Resource.TOPIC, changelog, ("READ",), "what is missing, and with `--dry-run` of whom"),
        Grant(role, Resource.TOPIC, grafts, ("READ", "WRITE"), "what it found"),
        Grant(role, Resource.TRANSACTIONAL_ID, f"{prefix}.", ("WRITE",), "one transaction a partition", prefixed=True),
    ]


def import_grants(clickstream: str, changelog: str, transactional_id: str) -> list[Grant]:
    """Of `afterclick import`. changelog: of intake."""
    role = "import"
    return [
        Grant(role, Resource.TOPIC, clickstream, ("READ", "WRITE"), "the history, and how far it has come"),
        Grant(role, Resource.TOPIC, changelog, ("READ",), "how far the workers have come"),
        Grant(role, Resource.TRANSACTIONAL_ID, transactional_id, ("WRITE",), "one import at a time"),
    ]


def consumer_grants(decisions: Iterable[str], group: str) -> list[Grant]:
    """Of whoever acts on decisions."""
    return [
        *(Grant("consumer", Resource.TOPIC, topic, ("READ",), "decisions") for topic in decisions),
        Grant("consumer", Resource.GROUP, group, ("READ",), "its own group"),
    ]


def needed_on_topics(grants: Iterable[Grant]) -> Mapping[str, frozenset[str]]:
    """Operations without which nothing works, by topic."""
    needed: dict[str, frozenset[str]] = {}
    for grant in grants:
        if grant.resource is Resource.TOPIC:
            wanted = frozenset(grant.operations) - {WHY_TO_SEE_SETTINGS}
            needed[grant.name] = needed.get(grant.name, frozenset()) | wanted
    return needed


def commands(grants: Sequence[Grant]) -> list[str]:
    """A shell script of Kafka's own tool. Principals come from its environment: $INTAKE, $SHOPPER, .."""
    roles = dict.fromkeys(grant.principal for grant in grants)
    lines = ['KAFKA_ACLS="${KAFKA_ACLS:-kafka-acls.sh --bootstrap-server localhost:9092}"']
    lines += [f'{role.upper()}="${{{role.upper()}:-User:{role}}}"' for role in roles]
    for grant in grants:
        operations = " ".join(
            f"--operation {''.join(word.title() for word in op.split('_'))}" for op in grant.operations
        )
        pattern = " --resource-pattern-type prefixed" if grant.prefixed else ""
        lines.append(
            f'$KAFKA_ACLS --add --allow-principal "${grant.principal.upper()}" '
            f"--{grant.resource} {shlex.quote(grant.name)}{pattern} {operations}"
        )
    return lines


def table(grants: Iterable[Grant]) -> str:
    """In Markdown."""
    rows = "".join(
        f"| {grant.principal} | {grant.resource} | `{grant.name}{'*' if grant.prefixed else ''}` "
        f"| {', '.join(grant.operations)} | {grant.why} |\n"
        for grant in grants
    )
    return f"| principal | resource | name | operations | why |\n|---|---|---|---|---|\n{rows}"
