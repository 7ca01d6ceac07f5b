"""gtag.js: GA4's hits as the browser sends them, in the query or a line of the body each (wire-format.md, 5)."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from pipeline.collector.wire.ga4 import named_calls
from pipeline.collector.wire.page import campaign, parts
from pipeline.collector.wire.request import FIELD_LIMIT, Call, Opened, Rejected, WireRequest, present, text

PATHS = ("/g/collect",)

_PARAMETERS = {"dl": "page_location", "dr": "page_referrer", "dt": "page_title", "cu": "currency", "sid": "session_id"}
_CAMPAIGN = {"cs": "source", "cm": "medium", "cn": "name", "cc": "content", "ct": "term"}
_ITEM = {
    "id": "item_id", "nm": "item_name", "br": "item_brand", "ca": "item_category", "c2": "item_category2",
    "c3": "item_category3", "c4": "item_category4", "c5": "item_category5", "va": "item_variant", "pr": "price",
    "qt": "quantity", "cp": "coupon", "ln": "item_list_name", "lp": "index", "li": "item_list_id", "ds": "discount",
    "af": "affiliation", "pi": "promotion_id", "pn": "promotion_name", "cn": "creative_name", "cs": "creative_slot",
    "lo": "location_id",
}  # fmt: skip
_NUMBERS = frozenset({"price", "quantity", "index", "discount"})
_ITEM_FIELD = re.compile(r"pr[1-9][0-9]{0,2}")
# Google's consent mode: advertising, then analytics, each denied (0), granted (1) or not asked for (-).
_CONSENT = re.compile(r"G1([01-])([01-])")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")


def opened(request: WireRequest) -> Opened:
    """The calls of one hit, or of a hit in each line of the body. The measurement id `tid` stands for a write key: the
    protocol has none. Raises Rejected."""
    lines = [line for line in request.body.decode(errors="replace").splitlines() if line.strip()]
    hits = [{**request.query, **_fields(line)} for line in lines] or [dict(request.query)]
    if not any("en" in hit for hit in hits):
        raise Rejected(400, "no_event", "Neither the query nor the body names an event (en).")
    tags = {tag for hit in hits if (tag := hit.get("tid"))}
    if len(tags) > 1:
        raise Rejected(400, "many_tags", "The events name more than one measurement id (tid).")
    calls: list[Call | bytes] = []
    told: dict[str, Any] = {}
    for hit in hits:
        common = _common(hit)
        if (traits := _traits(hit)) and traits != told:
            calls.append({"type": "identify", **common, "traits": traits})
            told = traits
        calls.extend(named_calls({"name": hit.get("en"), "params": _params(hit)}, common))
    return Opened(next(iter(tags), None), calls)


def _fields(line: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(line, max_num_fields=FIELD_LIMIT))
    except ValueError:
        raise Rejected(400, "too_many_fields", f"An event may have {FIELD_LIMIT} fields.") from None


def _common(hit: Mapping[str, str]) -> Call:
    url = text(hit.get("dl"))
    page = present(url=url, title=text(hit.get("dt")), referrer=text(hit.get("dr")), **parts(url))
    named = present(**{to: text(hit.get(at)) for at, to in _CAMPAIGN.items()})
    context = present(
        locale=text(hit.get("ul")),
        sessionId=text(hit.get("sid")),
        page=page or None,
        campaign={**campaign(url), **named} or None,
        consent=_consent(hit.get("gcs")),
    )
    return present(userId=text(hit.get("uid")), anonymousId=text(hit.get("cid")), context=context or None)


def _consent(state: str | None) -> dict[str, Any] | None:
    found = _CONSENT.fullmatch(state or "")
    if found is None:
        return None
    states = zip(("Advertising", "Analytics"), found.groups(), strict=True)
    given = {name: each == "1" for name, each in states if each != "-"}
    return {"categoryPreferences": given} if given else None


def _params(hit: Mapping[str, str]) -> dict[str, Any]:
    """`ep.` are texts, `epn.` numbers, `pr1` and on items."""
    params: dict[str, Any] = {to: hit[at] for at, to in _PARAMETERS.items() if hit.get(at)}
    params |= _prefixed(hit, "ep.", "epn.")
    items = sorted((int(name[2:]), value) for name, value in hit.items() if _ITEM_FIELD.fullmatch(name))
    if items:
        params["items"] = [_item(value) for _, value in items]
    return params


def _traits(hit: Mapping[str, str]) -> dict[str, Any]:
    return _prefixed(hit, "up.", "upn.")


def _prefixed(hit: Mapping[str, str], texts: str, numbers: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in hit.items():
        if name.startswith(texts):
            found[name[len(texts) :]] = value
        elif name.startswith(numbers):
            found[name[len(numbers) :]] = _number(value)
    return found


def _item(written: str) -> dict[str, Any]:
    """`idP1~nmRunner~pr59.9~qt2~k0size~v042`: two letters and the value each; a `~` in a value is written twice."""
    given = [part.replace("\0", "~") for part in written.replace("\0", "").replace("~~", "\0").split("~")]
    pairs = {part[:2]: part[2:] for part in given if len(part) > 2}
    item: dict[str, Any] = {}
    for key, value in pairs.items():
        if name := _ITEM.get(key):
            item[name] = _number(value) if name in _NUMBERS else value
        elif key[0] == "k" and f"v{key[1]}" in pairs:
            item[value] = pairs[f"v{key[1]}"]
    return item


def _number(value: str) -> Any:
    """The number that a text is; other texts stay, and intake makes of them what it can."""
    if _NUMBER.fullmatch(value) is None:
        return value
    return float(value) if "." in value else int(value)
