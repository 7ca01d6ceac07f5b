"""Lines of output topics, as consumers of JSON read them (topology.md, "Outputs")."""

from typing import Any

NOON = "2026-01-03T12:00:00.000Z"
KINDS = {"browse": "browse", "cart": "cart", "checkout": "checkout", "big-carts": "cart"}


def segment(change: str, name: str = "engaged", shopper: str = "u-17") -> dict[str, Any]:
    return {"shopper": shopper, "effective_at": NOON, "segment": name, "change": change, "sequence": 1}


def trigger(change: str, kind: str = "cart", **fields: Any) -> dict[str, Any]:
    item = {"product_id": "p1", "sku": None, "name": "Runner", "quantity": 1, "price": eur(8450)}
    body = {
        "shopper": "u-3",
        "effective_at": NOON,
        "kind": kind,
        "change": change,
        "stage": 1,
        "of": 3,
        "cart": {"items": [item], "total": eur(8450)},
        "retracts": [],
    }
    return body | fields


def tier(change: str, before: str | None, after: str, **fields: Any) -> dict[str, Any]:
    body = {"shopper": "u-5", "effective_at": NOON, "programme": "club", "change": change, "from": before, "to": after}
    return body | {"valid_until": "2027-01-03T12:00:00.000Z"} | fields


def points(entry: str, amount: int, balance: int) -> dict[str, Any]:
    body = {"shopper": "u-5", "effective_at": NOON, "programme": "club", "entry": entry}
    return body | {"points": amount, "balance": balance}


def eur(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}
