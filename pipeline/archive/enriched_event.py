"""Snowplow's enriched events: a tab-separated row each, as Enrich writes them to Kinesis, Pub/Sub, S3 or GCS.

A row is what the tracker sent, under other names, and what enrichments added. What was sent is turned back into the
tracker's own fields and read as the collector reads them, so that both ways an action is the same call.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from pipeline.archive.row import Row
from pipeline.collector.wire.request import text
from pipeline.collector.wire.snowplow import calls_of
from pipeline.domain.intake.refusal import UNDECODABLE, RefusedCall
from pipeline.domain.value.instant import format_instant, parse_instant

NOT_ENRICHED = "not_enriched"
"""Reason: a row that has not the columns of an enriched event."""

# In order; https://docs.snowplow.io/docs/fundamentals/canonical-event/ names them.
COLUMNS = (
    "app_id", "platform", "etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "event", "event_id", "txn_id",
    "name_tracker", "v_tracker", "v_collector", "v_etl", "user_id", "user_ipaddress", "user_fingerprint",
    "domain_userid", "domain_sessionidx", "network_userid", "geo_country", "geo_region", "geo_city", "geo_zipcode",
    "geo_latitude", "geo_longitude", "geo_region_name", "ip_isp", "ip_organization", "ip_domain", "ip_netspeed",
    "page_url", "page_title", "page_referrer", "page_urlscheme", "page_urlhost", "page_urlport", "page_urlpath",
    "page_urlquery", "page_urlfragment", "refr_urlscheme", "refr_urlhost", "refr_urlport", "refr_urlpath",
    "refr_urlquery", "refr_urlfragment", "refr_medium", "refr_source", "refr_term", "mkt_medium", "mkt_source",
    "mkt_term", "mkt_content", "mkt_campaign", "contexts", "se_category", "se_action", "se_label", "se_property",
    "se_value", "unstruct_event", "tr_orderid", "tr_affiliation", "tr_total", "tr_tax", "tr_shipping", "tr_city",
    "tr_state", "tr_country", "ti_orderid", "ti_sku", "ti_name", "ti_category", "ti_price", "ti_quantity",
    "pp_xoffset_min", "pp_xoffset_max", "pp_yoffset_min", "pp_yoffset_max", "useragent", "br_name", "br_family",
    "br_version", "br_type", "br_renderengine", "br_lang", "br_features_pdf", "br_features_flash", "br_features_java",
    "br_features_director", "br_features_quicktime", "br_features_realplayer", "br_features_windowsmedia",
    "br_features_gears", "br_features_silverlight", "br_cookies", "br_colordepth", "br_viewwidth", "br_viewheight",
    "os_name", "os_family", "os_manufacturer", "os_timezone", "dvce_type", "dvce_ismobile", "dvce_screenwidth",
    "dvce_screenheight", "doc_charset", "doc_width", "doc_height", "tr_currency", "tr_total_base", "tr_tax_base",
    "tr_shipping_base", "ti_currency", "ti_price_base", "base_currency", "geo_timezone", "mkt_clickid", "mkt_network",
    "etl_tags", "dvce_sent_tstamp", "refr_domain_userid", "refr_dvce_tstamp", "derived_contexts", "domain_sessionid",
    "derived_tstamp", "event_vendor", "event_name", "event_format", "event_version", "event_fingerprint", "true_tstamp",
)  # fmt: skip
_KINDS = {
    "page_view": "pv", "page_ping": "pp", "struct": "se", "unstruct": "ue", "transaction": "tr",
    "transaction_item": "ti",
}  # fmt: skip
# A column, and the tracker's name of it.
_SENT = {
    "event_id": "eid", "user_id": "uid", "domain_userid": "duid", "domain_sessionid": "sid", "v_tracker": "tv",
    "page_url": "url", "page_title": "page", "page_referrer": "refr", "useragent": "ua", "br_lang": "lang",
    "os_timezone": "tz", "se_category": "se_ca", "se_action": "se_ac", "se_label": "se_la", "se_property": "se_pr",
    "se_value": "se_va", "unstruct_event": "ue_pr", "contexts": "co", "tr_orderid": "tr_id", "tr_affiliation": "tr_af",
    "tr_total": "tr_tt", "tr_tax": "tr_tx", "tr_shipping": "tr_sh", "tr_currency": "tr_cu", "ti_orderid": "ti_id",
    "ti_sku": "ti_sk", "ti_name": "ti_nm", "ti_category": "ti_ca", "ti_price": "ti_pr", "ti_quantity": "ti_qu",
}  # fmt: skip
_TIMES = {"dvce_created_tstamp": "dtm", "dvce_sent_tstamp": "stm", "true_tstamp": "ttm"}

_AT = {name: place for place, name in enumerate(COLUMNS)}
_SENT_AT = [(_AT[column], name) for column, name in _SENT.items()]
_TIMES_AT = [(_AT[column], name) for column, name in _TIMES.items()]
_EVENT, _RECEIVED, _NETWORK = _AT["event"], _AT["collector_tstamp"], _AT["network_userid"]

# A transaction and its items are rows of their own, written together: within so many rows of each other.
SPREAD = 1_000

Sent = dict[str, Any]


def sent_of(line: bytes) -> tuple[Sent, str]:
    """A row in the tracker's own fields, and when it was received. Raises RefusedCall."""
    try:
        cells = line.decode().split("\t")
    except UnicodeDecodeError as error:
        raise RefusedCall(UNDECODABLE, f"invalid UTF-8 (byte {error.start})") from None
    if len(cells) < len(COLUMNS):
        raise RefusedCall(NOT_ENRICHED, f"{len(cells)} columns, where an enriched event has {len(COLUMNS)}")
    received, kind = _instant(cells[_RECEIVED]), _KINDS.get(cells[_EVENT])
    if received is None or kind is None:
        raise RefusedCall(NOT_ENRICHED, "no time in collector_tstamp, or no known event")
    sent = {name: value for place, name in _SENT_AT if (value := cells[place])}
    for place, name in _TIMES_AT:
        if (instant := _instant(cells[place])) is not None:
            sent[name] = str(instant)
    if not sent.get("uid") and not sent.get("duid"):
        # A cookie of the collector's. Of a server's requests each has a new one, which tells of nobody.
        sent["nuid"] = cells[_NETWORK]
    return {**sent, "e": kind}, format_instant(received)


def read_row(line: bytes) -> Row:
    """A row by itself. Raises RefusedCall."""
    sent, received = sent_of(line)
    return Row(calls_of([sent]), received)


def with_items(rows: Iterator[tuple[Sent, Any]]) -> Iterator[tuple[list[Sent], Any]]:
    """Each row, with what goes along with it: a transaction with its items, near which they stand. An item that belongs
    to a transaction is no row any more."""
    window: deque[tuple[Sent, Any]] = deque()
    early: dict[str, list[Sent]] = {}
    for row in rows:
        window.append(row)
        if len(window) > SPREAD:
            yield from _leaving(window, early)
    while window:
        yield from _leaving(window, early)


def _leaving(window: deque[tuple[Sent, Any]], early: dict[str, list[Sent]]) -> Iterator[tuple[list[Sent], Any]]:
    sent, told = window.popleft()
    kind = sent.get("e")
    if kind == "tr":
        order = text(sent.get("tr_id")) or ""
        items = [*early.pop(order, ()), *_take_items(window, order)]
        yield [sent, *items], told
    elif kind == "ti" and any(one.get("e") == "tr" and one.get("tr_id") == sent.get("ti_id") for one, _ in window):
        early.setdefault(str(sent.get("ti_id")), []).append(sent)
    else:
        yield [sent], told


def _take_items(window: deque[tuple[Sent, Any]], order: str) -> list[Sent]:
    items = [sent for sent, _ in window if sent.get("e") == "ti" and sent.get("ti_id") == order]
    if items:
        kept = [row for row in window if not (row[0].get("e") == "ti" and row[0].get("ti_id") == order)]
        window.clear()
        window.extend(kept)
    return items


def _instant(cell: str) -> int | None:
    return parse_instant(cell.removesuffix(" UTC")) if cell else None
