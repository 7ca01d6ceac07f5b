"""What the query API tells of a shopper."""

from typing import Any

from pipeline.domain.decide import Engine
from pipeline.domain.profile import profile
from pipeline.domain.value.instant import format_known
from pipeline.explain.known import Known
from pipeline.export.report import consent, memberships, timers, traits

_PERSONAL = ("traits", "computed")


def shopper_data(engine: Engine, known: Known, personal: bool) -> dict[str, Any]:
    """docs/query-api.md tells what the parts mean. personal: with traits, consent and devices."""
    shopper = known.shopper
    told = profile(engine, shopper, known.shopper_id)
    data: dict[str, Any] = {
        "shopper": known.shopper_id,
        "first_seen": format_known(shopper.created),
        "other_topology": known.other_topology,
        "stage": told["stage"],
        "segments": memberships(shopper),
        "tiers": told["loyalty"],
        "orders": told["orders"],
        "sessions": told["sessions"],
        "rfm": told["rfm"],
        "cart": told["cart"],
        "carts": [
            {"cart_id": one.cart_id, "lines": len(one.lines), "updated": format_known(one.updated)}
            for one in shopper.carts
        ],
        "abandonments": [
            {
                "kind": one.kind,
                "subject": one.subject,
                "instance": f"{one.kind}-{one.number}",
                "stage": len(one.stage_times),
                "abandoned_since": format_known(one.abandoned_since),
                "due": format_known(one.due),
            }
            for one in shopper.instances
        ],
        "timers": timers(shopper),
        "withheld": [] if personal else [*_PERSONAL, "consent"],
    }
    if personal:
        data |= {"traits": traits(shopper), "computed": told["computed"], "consent": consent(shopper.words)}
    return data
