"""Snowplow tracker protocol 2, GET and POST: each event is a flat object of texts (wire-format.md, 2)."""

import base64
import binascii
from typing import Any

import msgspec

from pipeline.collector.wire import snowplow_commerce
from pipeline.collector.wire.page import campaign, parts
from pipeline.collector.wire.request import Call, Opened, Rejected, WireRequest, mapping, opened_object, present, text
from pipeline.collector.wire.snowplow_commerce import Entities
from pipeline.domain.value.instant import format_instant

PIXEL = "/i"
PATHS = (PIXEL, "/com.snowplowanalytics.snowplow/tp2")

_any = msgspec.json.Decoder().decode
_ORDER = {"tr_tt": "total", "tr_tx": "tax", "tr_sh": "shipping", "tr_cu": "currency", "tr_af": "affiliation"}
_LINE = {"ti_sk": "sku", "ti_nm": "name", "ti_ca": "category", "ti_pr": "price", "ti_qu": "quantity"}


def opened(request: WireRequest) -> Opened:
    """The calls of one event in the query (GET) or of many in the body. Its `aid` stands for a write key: the protocol
    has none. Raises Rejected."""
    if request.path == PIXEL or not request.body:
        events: list[Any] = [dict(request.query)]
        if not request.query:
            raise Rejected(400, "no_event", "Neither the query nor the body has an event.")
    else:
        data = opened_object(request.body).get("data")
        if type(data) is not list:
            raise Rejected(400, "no_data", "The body has no list `data`.")
        events = data
    named = [mapping(event) for event in events]
    apps = {app for event in named if (app := text(event.get("aid")))}
    if len(apps) > 1:
        raise Rejected(400, "many_apps", "The events name more than one app id (aid).")
    return Opened(next(iter(apps), None), calls_of(named))


def calls_of(events: list[dict[str, Any]]) -> list[Call | bytes]:
    """The calls of events that were sent together. Items of a transaction (ti) are separate events on the wire: they
    join the order (tr) that they were sent with."""
    lines: dict[str, list[dict[str, Any]]] = {}
    orders = {str(event.get("tr_id")) for event in events if event.get("e") == "tr"}
    for event in events:
        if event.get("e") == "ti" and str(event.get("ti_id")) in orders:
            lines.setdefault(str(event["ti_id"]), []).append(_line(event))
    calls: list[Call | bytes] = []
    for event in events:
        if not event:
            calls.append(b"null")
        elif event.get("e") != "ti" or str(event.get("ti_id")) not in orders:
            calls.extend(_read(event, lines.get(str(event.get("tr_id")), [])))
    return calls


def _read(event: dict[str, Any], lines: list[dict[str, Any]]) -> list[Call | bytes]:
    entities = _entities(event)
    common = _common(event, entities)
    kind, name, properties = event.get("e"), None, {}
    if kind == "pv":
        url = text(event.get("url"))
        page = present(title=text(event.get("page")), url=url, referrer=text(event.get("refr")))
        return [{"type": "page", **common, "properties": {**page, **parts(url)}}]
    if kind == "ue":
        schema, data = _unwrapped(event, "ue_pr", "ue_px")
        if schema == snowplow_commerce.ACTION:
            return [{**common, **call} for call in snowplow_commerce.calls(data, entities, event)]
        name, properties = schema, data
    elif kind == "se":
        name = text(event.get("se_ac"))
        properties = present(**{part: event.get(f"se_{part[:2]}") for part in ("category", "label", "property")})
        properties |= present(value=event.get("se_va"))
    elif kind == "tr":
        name = "Order Completed"
        properties = present(order_id=event.get("tr_id"), **{to: event.get(at) for at, to in _ORDER.items()})
        properties |= {"products": lines} if lines else {}
    elif kind == "ti":
        name, properties = "Transaction Item", {"order_id": event.get("ti_id"), **_line(event)}
    elif kind == "pp":
        name, properties = "Page Pinged", present(url=text(event.get("url")))
    return [{"type": "track", **common, "event": name, "properties": properties}]


def _line(event: dict[str, Any]) -> dict[str, Any]:
    return present(**{to: event.get(at) for at, to in _LINE.items()})


def _common(event: dict[str, Any], entities: Entities) -> Call:
    url = text(event.get("url"))
    page = present(url=url, title=text(event.get("page")), referrer=text(event.get("refr")), **parts(url))
    user, app = entities.first("user"), entities.first("client_session")
    context = present(
        library=present(name=text(event.get("tv"))) or None,
        userAgent=text(event.get("ua")),
        locale=text(event.get("lang")),
        timezone=text(event.get("tz")),
        sessionId=text(event.get("sid")) or text(app.get("sessionId")),
        page=page or None,
        campaign=campaign(url) or None,
        traits=present(email=text(user.get("email"))) or None,
        ip=text(event.get("ip")),
    )
    known = None if user.get("is_guest") is True else user.get("id")
    call = present(
        messageId=text(event.get("eid")),
        userId=text(event.get("uid")) or known,
        anonymousId=_device(event, app),
        timestamp=_instant(event.get("dtm")),
        sentAt=_instant(event.get("stm")),
        context=context or None,
    )
    if (true := _instant(event.get("ttm"))) is not None:
        # Intake takes a timestamp as it stands, without correction, where an original one is beside it.
        call |= {"timestamp": true, "originalTimestamp": true}
    return call


def _device(event: dict[str, Any], app: dict[str, Any]) -> str | None:
    """A browser names itself, an app its installation; else there is the collector's cookie."""
    named = (event.get("duid"), app.get("userId"), event.get("tnuid"), event.get("nuid"))
    return next(filter(None, map(text, named)), None)


def _entities(event: dict[str, Any]) -> Entities:
    _, contexts = _opened_json(event, "co", "cx")
    found = []
    for each in contexts if type(contexts) is list else []:
        entity = mapping(each)
        found.append((_named(entity.get("schema")), mapping(entity.get("data"))))
    return Entities(found)


def _unwrapped(event: dict[str, Any], plain: str, encoded: str) -> tuple[str | None, dict[str, Any]]:
    _, inner = _opened_json(event, plain, encoded)
    described = mapping(inner)
    return _named(described.get("schema")) or None, mapping(described.get("data"))


def _opened_json(event: dict[str, Any], plain: str, encoded: str) -> tuple[str, Any]:
    """Schema and data of a self-describing JSON: a text, or the text in URL-safe base64; nothing if it is neither."""
    written, value = event.get(plain), b""
    if type(written) is str:
        value = written.encode(errors="replace")
    elif type(coded := event.get(encoded)) is str:
        try:
            value = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
        except (binascii.Error, ValueError):
            return "", None
    if not value:
        return "", None
    try:
        whole = mapping(_any(value))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", None
    return _named(whole.get("schema")), whole.get("data")


def _named(schema: Any) -> str:
    """`iglu:vendor/name/jsonschema/1-0-0` -> `name`."""
    parts = schema.split("/") if type(schema) is str else []
    return parts[1] if len(parts) == 4 else ""


def _instant(value: Any) -> str | None:
    """Milliseconds since 1970, in a text, as ISO 8601; None if they are none, as a client without a clock has."""
    if not (type(value) is str and value.isascii() and value.isdigit() and len(value) <= 14):
        return None
    return format_instant(int(value))
