"""The campaign that a page was come to by: the utm_ parameters of its address (wire-format.md, 2)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

# Parameters of an address that are looked at, and characters of one: beyond that it is nobody's campaign.
FIELDS = 512
LONGEST = 512
_PREFIX = "utm_"


def campaign(query: str) -> dict[str, str]:
    """Every utm_ parameter of a query, without the prefix; utm_campaign is called `name`. Of two the last counts."""
    if _PREFIX not in query:
        return {}
    try:
        fields = parse_qsl(query, max_num_fields=FIELDS)
    except ValueError:
        return {}
    found = {key[4:]: value for key, value in fields if key.startswith(_PREFIX) and len(key) > 4}
    if "campaign" in found:
        found["name"] = found.pop("campaign")
    return found


def campaign_of(context: Mapping[str, Any], address: str) -> dict[str, str]:
    """As the client says it in `context.campaign`, else by the address of the page; empty if there is none. What is no
    text, or longer than 512 characters, is left out."""
    named = context.get("campaign")
    if type(named) is not dict or not named:
        named = campaign(address.partition("#")[0].partition("?")[2])
    return {name: value for name, value in named.items() if type(value) is str and len(value) <= LONGEST}
