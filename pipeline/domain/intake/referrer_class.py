"""Referrer classes: what kind of page a page was come to from, by HTTP's Referer as clients send it in the context.

Not to be taken for who referred a shopper (referrer.py).
"""

from collections.abc import Mapping
from typing import Any

from pipeline.domain.intake.site import kind_of

DIRECT, INTERNAL, OTHER = "direct", "internal", "other"

# Pairs of hosts of which the class is remembered.
REMEMBERED = 4_096


class ReferrerClasses(dict[tuple[str, str], str]):
    """Class by the hosts of referrer and page. A dict that fills itself; bounded."""

    def __missing__(self, hosts: tuple[str, str]) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[hosts] = _class(*hosts)
        return found

    def of(self, referrer: Any, address: str) -> str:
        """DIRECT if there is no referrer, INTERNAL if it is the page's own site; else what kind of site it is, or
        OTHER. referrer: as the client sends it. address: of the page."""
        if type(referrer) is not str or not referrer:
            return DIRECT
        return self[host_of(referrer), host_of(address)]


def referrer_of(context: Mapping[str, Any], properties: Mapping[str, Any]) -> Any:
    """The page that the one of a call was come to from: of the context, else of the properties of a page call; None if
    neither tells of a referrer, be it an empty one."""
    page = context.get("page")
    if type(page) is dict and "referrer" in page:
        return page["referrer"] or ""
    return properties["referrer"] or "" if "referrer" in properties else None


def host_of(address: str) -> str:
    """The host of an address in small letters, without user, port and `www.`; "" if it has none."""
    rest = address.partition("://")[2] or address.removeprefix("//")
    for end in "/?#":
        rest = rest.partition(end)[0]
    host = rest.rpartition("@")[2].partition(":")[0].lower().rstrip(".")
    return host.removeprefix("www.")


def _class(referrer: str, page: str) -> str:
    if referrer and page and (referrer == page or _is_under(referrer, page) or _is_under(page, referrer)):
        return INTERNAL
    return kind_of(referrer) or OTHER


def _is_under(host: str, other: str) -> bool:
    return host.endswith("." + other) and "." in other
