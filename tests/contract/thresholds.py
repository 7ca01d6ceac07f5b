"""Shoppers of several thresholds, of whom `records/thresholds-1.bin` holds what a version of format 1 stored."""

import msgspec

from pipeline.domain.event import Event

T = 1_767_434_400_000
MINUTE = 60_000

TOPOLOGY = """\
version: 1
name: shop
segments:
  twice: {when: {count: {of: Product Viewed, within: 30d, at_least: 2}}}
  often: {when: {count: {of: Product Viewed, within: 30d, at_least: 5}}}
  thrice-this-month: {when: {count: {of: Product Viewed, within: {calendar: month}, at_least: 3}}}
  three-products: {when: {distinct: {of: Product Viewed, property: product_id, within: 30d, at_least: 3}}}
  four-products: {when: {distinct: {of: Product Viewed, property: product_id, at_least: 4}}}
  spends: {when: {sum: {of: Product Viewed, property: price, within: 30d, at_least: 20}}}
"""

VIEWS = {"ann": 1, "bob": 4, "cem": 7}


def viewed(shopper: str, number: int) -> Event:
    """The view number `number` of a shopper, one a minute."""
    at = T + number * MINUTE
    body = msgspec.Raw(msgspec.json.encode({"product_id": f"p{number}", "price": 5}))
    return Event("track", "Product Viewed", shopper, at, at, f"{shopper}{number}", properties=body)
