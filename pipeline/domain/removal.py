"""How much a record held that is no more, in numbers that tell nothing of whom."""

from pipeline.domain.commerce.order_book import of_all_time
from pipeline.domain.shopper import Shopper


def removal_of(shopper: Shopper) -> dict[str, object]:
    """Of a record that is about to be wiped. record: whether there was one. orders: completed, not
    cancelled ones, of all time. points: to spend and pending, of all programmes. messages: that waited."""
    if not shopper.created:
        return {"record": False, **dict.fromkeys(_COUNTS, 0)}
    orders, messages, words = of_all_time(shopper), shopper.messages, shopper.words
    waiting = [one for one in shopper.correspondence().candidates if not one.waits] if messages is not None else []
    standings = shopper.standings.values() if shopper.shopping is not None else ()
    return {
        "record": True,
        "traits": sum(trait.value is not None for trait in shopper.traits.values()),
        "segments": sum(membership.member for membership in shopper.memberships.values()),
        "carts": sum(bool(cart.lines) for cart in shopper.carts),
        "abandonments": len(shopper.instances),
        "orders": orders.count,
        "points": sum(one.balance + (one.purse.pending if one.purse is not None else 0) for one in standings),
        "consents": len(words.words) if words is not None else 0,
        "messages": len(waiting),
    }


_COUNTS = ("traits", "segments", "carts", "abandonments", "orders", "points", "consents", "messages")
