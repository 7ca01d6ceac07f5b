"""SDKs of browsers, live in a real Chromium: what they send is what was captured of them; and somebody visits a shop,
leaves a cart behind, comes back, logs in and orders."""

import importlib.resources
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.domain.event import decode_object
from tests.clients.browser_process import Browser, Pages
from tests.clients.canonical import canonical, events_of_capture
from tests.clients.conftest import HERE
from tests.clients.shop import Shop, Shopper
from tests.support.captured_request import CAPTURES

pytestmark = [pytest.mark.clients, pytest.mark.timeout(900)]

SDKS = {
    "segment": ["@segment/analytics-next/dist/umd/index.js"],
    "rudder": ["@rudderstack/analytics-js/dist/npm/legacy/bundled/umd/index.js"],
    "snowplow": [
        "@snowplow/browser-tracker/dist/index.umd.js",
        "@snowplow/browser-plugin-snowplow-ecommerce/dist/index.umd.js",
    ],
    "posthog": ["posthog-js/dist/array.full.no-external.js"],
    # The demo's own sender.
    "demo": [],
}
CAPTURED = [
    ("browser_ajs", "segment", "/static/ajs.html"),
    ("browser_ajsbatch", "segment", "/static/ajsbatch.html"),
    ("browser_rudder", "rudder", "/static/rudder.html"),
    ("browser_sp", "snowplow", "/static/sp.html"),
]


SHOP = importlib.resources.files("pipeline.demo") / "shop"
_WRITE_KEYS = {"snowplow": "shop", "posthog": "phc_test"}


@contextmanager
def page(shop: Shop, packages: Path, sdk: str, path: str, shopper: Shopper) -> Iterator[str]:
    """The address of a page with that SDK on it: the demo's shop at `/`, elsewhere the one of the captures."""
    settings = {
        "collector": shop.url,
        "writeKey": _WRITE_KEYS.get(sdk, "wk_test"),
        "known": shopper.known,
        "visitor": "u-",
        "batching": "batch" in path,
    }
    scripts = [(packages / file).read_bytes() for file in SDKS[sdk]]
    tag = SHOP / "tag.js" if sdk == "demo" else HERE / "browser" / f"{sdk}.js"
    captured_page = (HERE / "browser" / "captured.html").read_bytes()
    contents = {
        path: (SHOP / "index.html").read_bytes() if path == "/" else captured_page,
        "/settings.js": f"window.settings = {json.dumps(settings)}".encode(),
        "/tag.js": b"\n;\n".join([*scripts, tag.read_bytes()]),
        "/shop.js": (SHOP / "shop.js").read_bytes(),
        "/shop.css": (SHOP / "shop.css").read_bytes(),
    }
    with Pages(contents) as pages:
        yield f"{pages.origin}{path}"


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the shared captures are not here")
@pytest.mark.parametrize(("capture", "sdk", "path"), CAPTURED, ids=lambda value: value.rpartition("/")[2])
def test_as_captured(
    shop: Shop, npm_packages: Path, chromium: str, tmp_path: Path, capture: str, sdk: str, path: str
) -> None:
    wanted = events_of_capture(capture, tmp_path)
    shopper = Shopper(shop, capture)
    with (
        page(shop, npm_packages, sdk, path, shopper) as address,
        Browser(npm_packages, chromium, tmp_path / "browser.log") as browser,
    ):
        browser.do(f"open {address}")
        browser.do("captured")
        found = shopper.events(len(wanted))
    assert canonical(found, shopper.known, "none") == canonical(wanted, "u-1", "none")


@pytest.mark.parametrize("sdk", SDKS)
def test_a_visit_to_the_order(shop: Shop, npm_packages: Path, chromium: str, tmp_path: Path, sdk: str) -> None:
    shopper = Shopper(shop, f"visitor-{sdk}")
    with (
        page(shop, npm_packages, sdk, "/", shopper) as address,
        Browser(npm_packages, chromium, tmp_path / "browser.log") as browser,
    ):
        browser.do(f"open {address}")
        browser.do("click view-P1")
        shopper.expect("segment-changes", segment="lookers", change="entered")
        browser.do("click add-P1")
        shopper.expect("abandonment-triggers", kind="cart", change="abandoned")
        browser.do(f"fill name {shopper.known.removeprefix('u-')}")
        browser.do("click enter")
        browser.do("click checkout")
        browser.do("click order")
        shopper.expect("segment-changes", segment="buyers", change="entered")
    found = {event.name: event for event in shopper.events(5)}
    assert found.keys() >= {"page", "Product Viewed", "Product Added", "Checkout Started", "Order Completed"}
    assert found["Order Completed"].shopper == shopper.known
    assert decode_object(found["Product Added"].properties)["product_id"] == "P1"
