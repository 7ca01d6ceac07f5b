"""What the headers of a request tell of who sent it, as it stands in the context of calls."""

from collections.abc import Mapping
from typing import Any

from pipeline.domain.intake.country import country

_NOTHING: Mapping[str, Any] = {}


class Headers:
    """country: names of headers in small letters, in which a CDN tells the country that a request came from; of several
    the first that does counts. privacy: whether DNT and Sec-GPC are looked at."""

    def __init__(self, country: tuple[str, ...] = (), privacy: bool = False) -> None:
        self._country, self._privacy = country, privacy

    def context(self, headers: Mapping[str, str]) -> Mapping[str, Any]:
        """By the names of browsers' scripts (intake/privacy.py) and Segment's (`location.country`). headers: names in
        small letters."""
        if not (self._country or self._privacy):
            return _NOTHING
        told: dict[str, Any] = {}
        if found := next(filter(None, (country(headers.get(name)) for name in self._country)), ""):
            told["location"] = {"country": found}
        if self._privacy and headers.get("dnt") == "1":
            told["doNotTrack"] = "1"
        if self._privacy and headers.get("sec-gpc") == "1":
            told["globalPrivacyControl"] = True
        return told
