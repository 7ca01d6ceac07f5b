"""Evidence: which rules gave the points of an entry, and at which rate another currency was taken."""

from collections.abc import Iterable

from pipeline.domain.decision import LOYALTY_POINTS, Decision

Parts = list[tuple[str, int]]
"""(name of a rule, points)."""


def give_evidence(decisions: Iterable[Decision], parts: Parts, exchange: dict[str, str] | None = None) -> None:
    """Have the entries among the decisions tell it. exchange: the order's currency, and the rate; None = the shop's."""
    for decision in decisions:
        if decision.topic == LOYALTY_POINTS:
            decision.fields["rules"] = [{"rule": rule, "points": points} for rule, points in parts if points]
            if exchange is not None:
                decision.fields["exchange"] = exchange
