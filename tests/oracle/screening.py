"""What a topology with `intake` takes, and what it reads out of contexts, told naively (docs/rules.md, "Intake").

Of user agents and referrers the oracle knows those that its streams have.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import xxhash

from tests.oracle.values import span

Call = dict[str, Any]
BEHAVIOUR = ("track", "page", "screen")
WILLS = (
    "Consent Changed", "Shopper Suppressed", "Shopper Unsuppressed", "Email Unsubscribed", "Email Marked as Spam",
    "Email Bounced", "SMS Opted Out", "Push Unsubscribed", "Shopper Erased",
)  # fmt: skip
DEVICES = {"Googlebot": "bot", "HeadlessChrome": "bot", "iPad": "tablet", "iPhone": "phone", "Windows": "desktop"}
SITES = {"shop.example": "internal", "www.google.de": "search", "t.co": "social", "blog.example": "other", "": "direct"}


def intake(topology: dict[str, Any]) -> dict[str, Any]:
    rules: dict[str, Any] = topology.get("intake") or {}
    return rules


def heeded(call: Call, topology: dict[str, Any], name: str) -> Call | None:
    """The call as its sender lets it be taken, None if not at all. name: the standard one."""
    rules, context = intake(topology).get("privacy"), call.get("context") or {}
    if rules is None or name in WILLS:
        return call
    action = None
    if context.get("doNotTrack") == "1" or context.get("globalPrivacyControl") is True:
        action = rules.get("do_not_track", "ignore")
    if action in (None, "ignore"):
        said = consent(context)
        lacks = rules.get("unknown", "granted") == "denied" if not said else False
        lacks = lacks or (bool(said) and not all(said.get(one) for one in rules.get("required_consent", [])))
        action = rules.get("without_consent", "drop") if lacks and rules.get("required_consent") else None
    if action is None:
        return call
    if action == "anonymous" and call["type"] in BEHAVIOUR and call.get("anonymousId"):
        return {**call, "userId": None}
    return None


def consent(context: dict[str, Any]) -> dict[str, bool]:
    managed = context.get("consentManagement") or {}
    said = [(one, True) for one in managed.get("allowedConsentIds", [])]
    said += [(one, False) for one in managed.get("deniedConsentIds", [])]
    said += (context.get("consent") or {}).get("categoryPreferences", {}).items()
    return {one: all(granted for name, granted in said if name == one) for one, _ in said}


def device(call: Call) -> str | None:
    agent = (call.get("context") or {}).get("userAgent", "")
    return next((kind for word, kind in DEVICES.items() if word in agent), None)


def takes(call: Call, topology: dict[str, Any], name: str, shopper: str) -> bool:
    rules = intake(topology)
    if "sample" in rules and name != "Shopper Erased":
        parts = (topology.get("name", "oracle"), f"sample:{rules['sample'].get('salt', '')}", shopper)
        place = xxhash.xxh3_64_intdigest("".join(f"{len(part)}:{part}" for part in parts).encode()) % 10_000
        if place >= rules["sample"]["percent"] * 100:
            return False
    return not (rules.get("bots") == "drop" and device(call) == "bot" and name not in WILLS)


def properties(call: Call, topology: dict[str, Any]) -> dict[str, Any]:
    """With what conditions may ask for of the context."""
    own, context, found = call.get("properties") or {}, call.get("context") or {}, {}
    page, wanted = context.get("page") or {}, intake(topology).get("enrich", [])
    if "campaign" in wanted:
        query = parse_qs(urlsplit(page.get("url", "")).query)
        named = {key[4:]: values[-1] for key, values in query.items() if key.startswith("utm_")}
        named = {"name" if key == "campaign" else key: value for key, value in named.items()}
        found["campaign"] = context.get("campaign") or named
    if "referrer" in wanted and "referrer" in page:
        found["referrer"] = {"class": SITES[urlsplit(page["referrer"]).netloc]}
    if "device" in wanted and device(call):
        found["device"] = {"class": device(call)}
    if "country" in wanted and "location" in context:
        found["location"] = {"country": context["location"]["country"]}
    found = {name: value for name, value in found.items() if value}
    return {**own, "context": found} if found else own


class Pace:
    """Hot keys: how much happened in the latest span of event time."""

    def __init__(self, topology: dict[str, Any]) -> None:
        self.rules = intake(topology).get("hot_keys")
        self.times: list[int] = []

    def leaves_out(self, name: str, time: int) -> bool:
        if self.rules is None or name in WILLS:
            return False
        per = span(self.rules.get("per", "1s"))
        if self.times and time // per < max(self.times) // per:
            return False
        self.times.append(time)
        of_span = sum(one // per == time // per for one in self.times)
        return bool(of_span > self.rules.get("at_most", 25) and self.rules.get("over") == "drop")
