"""What kind of thing a call came from."""

import pytest

from pipeline.domain.intake.device_class import REMEMBERED, DeviceClasses, class_of_agent

WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 %sSafari/537.36"


@pytest.mark.parametrize(
    "agent, device",
    [
        (WINDOWS, "desktop"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0", "desktop"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36", "desktop"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "desktop"),
        (IPHONE, "phone"),
        (ANDROID % "Mobile ", "phone"),
        (ANDROID % "", "tablet"),
        ("Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A.240205.002)", "phone"),
        ("Mozilla/5.0 (Linux; Android 13; CUBOT X50) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36", "phone"),
        ("Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10", "phone"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148", "tablet"),
        ("Mozilla/5.0 (Linux; Android 12; SM-T870) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36", "tablet"),
        (
            "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 Silk/120.1 like Chrome/120.0 Safari/537.36",
            "tablet",
        ),
        ("Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 Chrome/94.0 TV Safari/537.36", "tv"),
        (
            "Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7646) AppleWebKit/537.36 Chrome/118.0 Mobile Safari/537.36",
            "tv",
        ),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot"),
        ("something of its own", "other"),
    ],
)
def test_by_the_user_agent(agent: str, device: str) -> None:
    assert class_of_agent(agent) == device


@pytest.mark.parametrize(
    "context, device",
    [
        ({"userAgent": WINDOWS, "userAgentData": {"mobile": True}}, "desktop"),
        ({"userAgentData": {"mobile": True, "platform": "Android"}}, "phone"),
        ({"userAgentData": {"mobile": False, "platform": "Android"}}, "tablet"),
        ({"userAgentData": {"mobile": False, "platform": "macOS"}}, "desktop"),
        ({"userAgentData": {"mobile": False, "platform": "Fuchsia"}}, ""),
        ({"device": {"type": "ios", "model": "iPhone15,3"}}, "phone"),
        ({"device": {"type": "ios", "model": "iPad13,4"}}, "tablet"),
        ({"device": {"type": "android", "model": "SM-S911B"}}, "phone"),
        ({"device": {"type": "android", "model": "Galaxy Tab S9"}}, "tablet"),
        ({"device": {"token": "t"}}, ""),
        ({"userAgent": 7, "userAgentData": [], "device": "x"}, ""),
        ({}, ""),
    ],
)
def test_by_the_context(context: dict[str, object], device: str) -> None:
    assert DeviceClasses().of(context) == device


def test_what_is_remembered_is_bounded_and_makes_no_difference() -> None:
    classes = DeviceClasses()
    for number in range(REMEMBERED + 10):
        assert classes[f"Mozilla/5.0 (iPhone; {number})"] == "phone"
    assert len(classes) <= REMEMBERED
    assert classes["Mozilla/5.0 (iPhone; 0)"] == "phone"


def test_a_user_agent_of_any_length_takes_no_longer_than_the_longest() -> None:
    assert class_of_agent("x" * 1_000 + "iPhone") == "phone"
    assert DeviceClasses()["x" * 1_024 + "iPhone"] == "other"
