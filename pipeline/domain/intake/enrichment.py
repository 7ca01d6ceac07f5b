"""Enrichments: what intake reads out of a call's context for conditions to ask for, as `context` of its properties.

Events carry no context: most of it nobody asks for, and all of it would be written, read and replicated with each.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pipeline.domain.event import EMPTY_OBJECT, decode_object
from pipeline.domain.intake.body import encode
from pipeline.domain.intake.campaign import campaign_of
from pipeline.domain.intake.country import country_of
from pipeline.domain.intake.device_class import DeviceClasses
from pipeline.domain.intake.envelope import inherit
from pipeline.domain.intake.referrer_class import ReferrerClasses, referrer_of
from pipeline.domain.intake_definition import CAMPAIGN, COUNTRY, DEVICE, REFERRER

CONTEXT = "context"
_KEY = b'"context"'

_Object = Mapping[str, Any]
_Rule = Callable[[_Object, _Object], dict[str, Any]]


class Enrichment:
    """The enrichments that a topology names. devices: shared with whoever else asks for classes of devices."""

    def __init__(self, names: frozenset[str], devices: DeviceClasses) -> None:
        self._devices, self._referrers = devices, ReferrerClasses()
        rules: dict[str, _Rule] = {
            CAMPAIGN: self._campaign, COUNTRY: self._country, DEVICE: self._device, REFERRER: self._referrer,
        }  # fmt: skip
        self._rules = [(PLACES[name], rules[name]) for name in sorted(names)]

    def enriched(self, raw: msgspec.Raw, context: _Object, properties: _Object) -> msgspec.Raw:
        """The properties of an event, as JSON, with what the rules found in its context. What the client has under the
        same names gives way."""
        found = {place: one for place, rule in self._rules if (one := rule(context, properties))}
        if not found:
            return raw
        if _KEY in bytes(raw):
            known = decode_object(raw)
            return msgspec.Raw(encode(known | {CONTEXT: inherit(known.get(CONTEXT), found)}))
        added = b'"context":' + encode(found) + b"}"
        return msgspec.Raw(b"{" + added if raw == EMPTY_OBJECT else bytes(raw)[:-1] + b"," + added)

    def _campaign(self, context: _Object, properties: _Object) -> dict[str, Any]:
        return campaign_of(context, _address(context, properties))

    def _country(self, context: _Object, properties: _Object) -> dict[str, Any]:
        found = country_of(context)
        return {"country": found} if found else {}

    def _device(self, context: _Object, properties: _Object) -> dict[str, Any]:
        found = self._devices.of(context)
        return {"class": found} if found else {}

    def _referrer(self, context: _Object, properties: _Object) -> dict[str, Any]:
        referrer = referrer_of(context, properties)
        return {} if referrer is None else {"class": self._referrers.of(referrer, _address(context, properties))}


# As Segment names them in a context.
PLACES = {CAMPAIGN: "campaign", COUNTRY: "location", DEVICE: "device", REFERRER: "referrer"}


def _address(context: _Object, properties: _Object) -> str:
    """The address of the page that a call is about."""
    page = context.get("page")
    for place in (page if type(page) is dict else {}, properties):
        for field in ("url", "search"):
            address = place.get(field)
            if type(address) is str and address:
                return address
    return ""
