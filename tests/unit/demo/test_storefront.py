"""The shop's page: all that it needs comes from where it comes from, and it hears of its visitors alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from pipeline.demo.storefront import VISITOR_PREFIX, Scene, Storefront
from pipeline.demo.ticker import Headline
from pipeline.kafka.clock import Acceleration


@pytest.fixture
def storefront() -> Iterator[Storefront]:
    scene = Scene(Path("topology.yaml"), "", Acceleration(0, 1, 0), Path(), {})
    opened = Storefront("127.0.0.1", scene, lambda at: f"at {at}")
    yield opened
    opened.close()


def test_the_page_needs_nothing_from_elsewhere(storefront: Storefront) -> None:
    page = httpx2.get(storefront.url)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        assert httpx2.get(storefront.url + path).status_code == 200, path
    for path in ("/", "/shop.css", "/shop.js", "/tag.js"):
        assert "://" not in httpx2.get(storefront.url + path).text
    settings = httpx2.get(f"{storefront.url}/settings.js").text
    assert re.search(r'"collector":"http://127\.0\.0\.1:\d+"', settings) and VISITOR_PREFIX in settings


def test_visitors_are_told_of_and_nobody_else(storefront: Storefront) -> None:
    assert not storefront.hear("u-17", Headline("segment-changes entered", 1, "u-17 entered engaged"))
    assert storefront.hear("web-a", Headline("segment-changes entered", 2, "web-a entered engaged"))
    assert httpx2.get(f"{storefront.url}/decisions").json() == [
        {"number": 1, "shopper": "web-a", "time": "at 2", "text": "web-a entered engaged"}
    ]


def test_only_so_much_is_remembered(storefront: Storefront) -> None:
    for number in range(300):
        storefront.hear("web-a", Headline("x", number, str(number)))
    told = httpx2.get(f"{storefront.url}/decisions").json()
    assert (len(told), told[-1]["number"]) == (200, 300)
