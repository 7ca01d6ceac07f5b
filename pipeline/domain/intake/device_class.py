"""Device classes: what kind of thing a call came from, by its user agent, else by what the client's SDK says of it."""

from collections.abc import Mapping
from typing import Any

import re2

from pipeline.domain.intake.crawler import is_crawler

BOT, DESKTOP, PHONE, TABLET, TV, OTHER = "bot", "desktop", "phone", "tablet", "tv", "other"

# User agents of which the class is remembered, and characters of one that are looked at: all of what browsers send.
REMEMBERED = 20_000
LONGEST = 1_024

_options = re2.Options()
_options.case_sensitive = False
# In this order: a television with Android is no tablet, and a tablet may call itself mobile.
_RULES = tuple(
    (name, re2.compile(pattern, _options))
    for name, pattern in (
        (TV, r"smart-?tv|(?:apple|google|android|opera) ?tv|\btv\b|hbbtv|netcast|web0s|roku|\baft[a-z]+|crkey"),
        (TV, r"bravia|viera|vidaa"),
        (TABLET, r"ipad|tablet|playbook|kindle|silk/|nexus (?:7|9|10)|\bsm-[tx]\d|\bgt-p\d|\bpad\b|\btab\b"),
        (PHONE, r"iphone|ipod|mobile|phone|blackberry|\bbb10|opera mini|symbian|series ?[46]0|nokia|midp|kaios|dalvik"),
        # Browsers of Android's phones say Mobile as well, those of tablets do not.
        (TABLET, r"android"),
        (DESKTOP, r"windows|macintosh|mac os|x11|cros|linux|freebsd|openbsd"),
    )
)
_HINTED = frozenset({"windows", "macos", "linux", "chrome os", "chromeos", "chromium os"})


class DeviceClasses(dict[str, str]):
    """Class by user agent. A dict that fills itself, as many events have one of few user agents, and an agent takes
    some 10 µs; bounded, as who wants to makes them up."""

    def __missing__(self, user_agent: str) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[user_agent] = class_of_agent(user_agent[:LONGEST])
        return found

    def of(self, context: Mapping[str, Any]) -> str:
        """The class of the device that a call came from, "" if the call tells nothing of it."""
        agent = context.get("userAgent")
        if type(agent) is str and agent:
            return self[agent]
        return _of_hints(context.get("userAgentData")) or _of_device(context.get("device"))


def class_of_agent(user_agent: str) -> str:
    """One of the words above. An iPad's Safari says that it is a Macintosh, and so is a desktop."""
    if is_crawler(user_agent):
        return BOT
    return next((name for name, pattern in _RULES if pattern.search(user_agent)), OTHER)


def _of_hints(hints: Any) -> str:
    """By client hints, as `navigator.userAgentData` has them."""
    if type(hints) is not dict:
        return ""
    platform = hints.get("platform")
    if hints.get("mobile") is True:
        return PHONE
    if type(platform) is not str:
        return ""
    return TABLET if platform == "Android" else DESKTOP if platform.lower() in _HINTED else ""


def _of_device(device: Any) -> str:
    """By `context.device`, which SDKs of apps fill, who send no browser's user agent."""
    if type(device) is not dict or device.get("type") not in ("ios", "android", "iOS", "Android"):
        return ""
    model = device.get("model")
    return TABLET if type(model) is str and ("ipad" in model.lower() or "tab" in model.lower()) else PHONE
