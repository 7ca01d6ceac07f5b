"""What browsers need to be told before they send to another origin (wire-format.md, 2)."""

from collections.abc import Mapping

from pipeline.config.collector import CollectorSettings

_REMEMBERED = "600"


def cors_headers(settings: CollectorSettings, headers: Mapping[str, str]) -> dict[str, str]:
    """headers: of the request, names in small letters. Headers that are asked for are echoed: RudderStack's SDKs ask
    for more with each version, and with a fixed list their requests do not come."""
    origin = headers.get("origin")
    if not origin:
        return {}
    if not settings.allows(origin):
        return {"Vary": "Origin"}
    allowed = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }
    if "access-control-request-method" in headers:
        allowed["Access-Control-Allow-Methods"] = "POST, GET"
        allowed["Access-Control-Max-Age"] = _REMEMBERED
        if asked := headers.get("access-control-request-headers"):
            allowed["Access-Control-Allow-Headers"] = asked
    return allowed
