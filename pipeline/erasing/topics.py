"""The audit of an erasure over the topics of a topology."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.config.topology import Topology
from pipeline.erasing.audit import Finding, in_changelog, in_input, in_output
from pipeline.erasing.needle import Needle
from pipeline.kafka.changelog_lookup import partition_of
from pipeline.kafka.receipt import receipts_of
from pipeline.kafka.topic_plan import Role
from pipeline.kafka.topic_scan import partition_counts, rows_of
from pipeline.topics import plans_of
from schemas.decision_reader import decision_reader

_ERASURES = "erasures"


def audit_topics(
    properties: Mapping[str, Any], topology: Topology, digest: str, needles: Sequence[Needle]
) -> tuple[dict[str, Any], list[Finding]] | None:
    """The latest receipt of an erasure, and what is found on all topics; None if there is none. Raises RestoreError."""
    key, partitions = digest.encode(), topology.kafka.partitions
    read = decision_reader(_ERASURES, topology.kafka.format)
    receipts = receipts_of(properties, topology.topic(_ERASURES), partition_of(key, partitions), key, read)
    erased = [receipt for receipt in receipts if receipt.line["change"] == "erased"]
    if not erased:
        return None
    return erased[-1].line, list(_findings(properties, topology, needles, erased[-1].at))


def _findings(
    properties: Mapping[str, Any], topology: Topology, needles: Sequence[Needle], erased_at: int
) -> Iterator[Finding]:
    there = partition_counts(properties)
    for plan in plans_of(topology):
        rows = rows_of(properties, plan.name, range(there.get(plan.name, 0)))
        if plan.role is Role.CHANGELOG:
            yield from in_changelog(plan.name, rows, needles)
        elif plan.role is Role.OUTPUT:
            yield from in_output(plan.name, rows, needles, erased_at)
        else:
            yield from in_input(plan.name, rows, needles)
