"""Which wire format comes where, and what its clients are answered when all is well."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.collector.wire import ga4, gtag, posthog, rudderstack, segment, snowplow
from pipeline.collector.wire.request import Opened, WireRequest

_PIXEL = base64.b64decode(b"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@dataclass(frozen=True, slots=True)
class Format:
    """answer, media: the body of 200 and its media type. RudderStack's Python SDK takes 200 alone for a yes."""

    name: str
    opened: Callable[[WireRequest], Opened]
    answer: bytes
    media: str = "application/json"


_SEGMENT = Format("segment", segment.opened, b'{"success":true}')
_RUDDERSTACK = Format("rudderstack", rudderstack.opened, b"OK", "text/plain")
_SNOWPLOW = Format("snowplow", snowplow.opened, b"ok", "text/plain")
_PIXELS = Format("snowplow", snowplow.opened, _PIXEL, "image/gif")
_POSTHOG = Format("posthog", posthog.opened, b'{"status":1}')
_GA4 = Format("ga4", ga4.opened, b"", "text/plain")
_GTAG = Format("gtag", gtag.opened, b"", "text/plain")

FORMATS: Mapping[tuple[str, str], Format] = {
    **{("POST", path): _SEGMENT for path in segment.PATHS},
    **{("POST", path): _SNOWPLOW for path in snowplow.PATHS if path != snowplow.PIXEL},
    ("GET", snowplow.PIXEL): _PIXELS,
    **{("POST", path): _POSTHOG for path in posthog.PATHS},
    **{("POST", path): _GA4 for path in ga4.PATHS},
    **{(method, path): _GTAG for method in ("GET", "POST") for path in gtag.PATHS},
}
"""By method and path."""

PATHS = frozenset(path for _, path in FORMATS)

SETTINGS = ("/flags/", "/flags", "/decide/", "/decide")
CONFIGURATION = re.compile(r"/array/[^/]{1,200}/config")
SDK_SETTINGS = (
    b'{"config":{"enable_collect_everything":false},"flags":{},"featureFlags":{},"featureFlagPayloads":{},'
    b'"errorsWhileComputingFlags":false,"hasFeatureFlags":false,"supportedCompression":["gzip","gzip-js"],'
    b'"autocapture_opt_out":true,"sessionRecording":false,"surveys":false,"heatmaps":false,'
    b'"capturePerformance":false,"toolbarParams":{},"isAuthenticated":false,"siteApps":[],'
    b'"defaultIdentifiedOnly":true}'
)
"""For PostHog's SDKs, in the shapes of all their versions: no flags, nothing recorded, and no clicks sent on their own,
which no rule could name."""


def format_of(method: str, path: str, headers: Mapping[str, str]) -> Format | None:
    """headers: names in small letters. None = nothing is sent there in this way."""
    found = FORMATS.get((method, path))
    if found is _SEGMENT and rudderstack.recognises(WireRequest("", b"", headers=headers)):
        return _RUDDERSTACK
    return found
