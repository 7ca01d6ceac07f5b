"""GA4's export to BigQuery: a row of `events_*` a line, as `bq extract` and `EXPORT DATA` write JSON.

https://support.google.com/analytics/answer/7029846 names the columns. 64-bit numbers are texts in it, what is absent is
left out or null, and what of an item is unknown is `(not set)`. Names of events and parameters are those that
`collector/wire/ga4.py` reads.
"""

from typing import Any

import msgspec
from xxhash import xxh3_128_hexdigest

from pipeline.archive.row import Row, filled
from pipeline.collector.wire.ga4 import named_calls
from pipeline.collector.wire.page import campaign, parts
from pipeline.collector.wire.request import Call, mapping, present, text
from pipeline.domain.intake.envelope import decode_call
from pipeline.domain.intake.refusal import RefusedCall
from pipeline.domain.value.instant import format_instant

NOT_EXPORTED = "not_exported"
"""Reason: a row that is none of `events_*`."""

_LATEST = 10**17
_UNKNOWN = "(not set)"
_VALUES = ("string_value", "int_value", "double_value", "float_value")
# Columns of `ecommerce`, where an event did not tell the same as a parameter.
_ECOMMERCE = {"transaction_id": "transaction_id", "tax_value": "tax", "shipping_value": "shipping"}
_OF_NAME = {"purchase": "purchase_revenue", "refund": "refund_value"}
_CAMPAIGN = {
    "manual_source": "source", "manual_medium": "medium", "manual_campaign_name": "name", "manual_content": "content",
    "manual_term": "term",
}  # fmt: skip
_PURPOSES = {"ads_storage": "Advertising", "analytics_storage": "Analytics"}
# Which columns tell rows of one user, name and microsecond apart.
_IDENTITY = (
    "stream_id", "user_pseudo_id", "event_timestamp", "event_name", "event_bundle_sequence_id", "batch_page_id",
    "batch_ordering_id", "batch_event_index", "event_params", "items",
)  # fmt: skip
# Google's own parameters that no rule asks for.
_OWN = frozenset({"ga_session_number", "engaged_session_event", "session_engaged", "batch_page_id"})

_json = msgspec.json.Encoder(order="deterministic").encode


def read_row(line: bytes) -> Row:
    """The calls of a row: what its user properties tell, set with this event, and the event. Raises RefusedCall.

    Message ids are made of what a row says, so a row that is exported again is the same message.
    """
    row = decode_call(line)
    name, micros = text(row.get("event_name")), _whole(row.get("event_timestamp"))
    if name is None or micros is None:
        raise RefusedCall(NOT_EXPORTED, "no event_name, or event_timestamp is no number of microseconds")
    message_id = "ga4-" + xxh3_128_hexdigest(_json([row.get(column) for column in _IDENTITY]))
    params = _params(row, name)
    common = {**_common(row, params), "timestamp": format_instant(micros // 1000)}
    traits = _set_with(row, micros)
    found = [{"type": "identify", **common, "traits": traits}] if traits else []
    found += [call for call in named_calls({"name": name, "params": params}, common) if not isinstance(call, bytes)]
    for number, call in enumerate(found):
        call["messageId"] = f"{message_id}:{number}" if number else message_id
    return Row([*found])


def _common(row: dict[str, Any], params: dict[str, Any]) -> Call:
    url = text(params.get("page_location"))
    page = present(
        url=url, title=text(params.get("page_title")), referrer=text(params.get("page_referrer")), **parts(url)
    )
    collected = mapping(row.get("collected_traffic_source"))
    named = present(**{to: _known(collected.get(column)) for column, to in _CAMPAIGN.items()})
    session = params.get("session_id")
    context = present(
        locale=text(mapping(row.get("device")).get("language")),
        sessionId=None if session is None else str(session),
        page=page or None,
        campaign={**campaign(url), **named} or None,
        consent=_consent(mapping(row.get("privacy_info"))),
    )
    return filled(userId=row.get("user_id"), anonymousId=row.get("user_pseudo_id"), context=context or None)


def _params(row: dict[str, Any], name: str) -> dict[str, Any]:
    """As the Measurement Protocol has them: parameters by name, and `items`."""
    params = {key: value for key, value in _pairs(row.get("event_params")) if key not in _OWN}
    if "ga_session_id" in params:
        params["session_id"] = params.pop("ga_session_id")
    told = mapping(row.get("ecommerce"))
    for column, to in _ECOMMERCE.items():
        if to not in params and (value := _known(told.get(column))) is not None:
            params[to] = value
    worth = told.get(_OF_NAME.get(name, ""))
    if worth is not None and "value" not in params:
        params["value"] = worth
    items = row.get("items")
    found = [_item(each) for each in items if type(each) is dict] if type(items) is list else []
    if found:
        params["items"] = found
    return params


def _item(item: dict[str, Any]) -> dict[str, Any]:
    """An item with its own parameters, without what is unknown and what Google adds in dollars."""
    own = dict(_pairs(item.get("item_params")))
    told = {
        key: _number(value) if key in ("quantity", "item_list_index") else value
        for key, value in item.items()
        if key != "item_params" and not key.endswith("_in_usd") and _known(value) is not None
    }
    return {**own, **told}


def _pairs(listed: Any) -> list[tuple[str, Any]]:
    """`[{key, value: {string_value, int_value, ..}}]` as pairs, of those that have a value."""
    found = []
    for each in listed if type(listed) is list else []:
        pair = mapping(each)
        key, value = text(pair.get("key")), mapping(pair.get("value"))
        given = next(((kind, value[kind]) for kind in _VALUES if value.get(kind) is not None), None)
        if key and given is not None:
            found.append((key, _number(given[1]) if given[0] == "int_value" else given[1]))
    return found


def _set_with(row: dict[str, Any], micros: int) -> dict[str, Any]:
    """The user properties that were set with this event or after it. Each row repeats those of before."""
    listed = row.get("user_properties")
    new = [
        each
        for each in (listed if type(listed) is list else [])
        if (_whole(mapping(mapping(each).get("value")).get("set_timestamp_micros")) or micros) >= micros
    ]
    return dict(_pairs(new))


def _consent(told: dict[str, Any]) -> dict[str, Any] | None:
    given = {to: told[name] == "Yes" for name, to in _PURPOSES.items() if told.get(name) in ("Yes", "No")}
    return {"categoryPreferences": given} if given else None


def _known(value: Any) -> Any:
    return None if value in ("", _UNKNOWN) else value


def _whole(value: Any) -> int | None:
    """Microseconds, a number or its text."""
    number = _number(value)
    return number if type(number) is int and 0 < number < _LATEST else None


def _number(value: Any) -> Any:
    """The whole number that a text of digits is; anything else as it is."""
    if type(value) is str and len(value) <= 19 and value.removeprefix("-").isdecimal() and value.isascii():
        return int(value)
    return value
