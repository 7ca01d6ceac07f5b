"""SDKs of servers, live: what they send is what was captured of them, and it is decided upon."""

import subprocess
from pathlib import Path

import pytest

from tests.clients.canonical import canonical, events_of_capture
from tests.clients.conftest import HERE
from tests.clients.shop import Shop, Shopper
from tests.support.captured_request import CAPTURES

pytestmark = [
    pytest.mark.clients,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not CAPTURES.is_dir(), reason="the shared captures are not here"),
]

PYTHON = [
    ("segment_python", "segment_python"),
    ("segment_python gzip", "segment_python"),
    ("rudder_python", "rudder_python"),
    ("snowplow_python post", "snowplow_python_post"),
    ("snowplow_python get", "snowplow_python_get"),
    ("posthog_python", "posthog_python"),
]
NODE = ["segment_node", "rudder_node", "snowplow_node", "posthog_node"]


def expect_as_captured(shop: Shop, capture: str, driver: list[str], folder: Path) -> None:
    """Run a driver: its events are those of the capture, and whoever ordered is a buyer."""
    wanted = events_of_capture(capture, folder)
    shopper = Shopper(shop, "-".join(driver[1:]).rpartition("/")[2].replace(".", "-"))
    run = subprocess.run(driver, env=shopper.environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    found = shopper.events(len(wanted))
    assert canonical(found, shopper.known, shopper.anonymous) == canonical(wanted, "u-1", "anon-1")
    shopper.expect("segment-changes", segment="buyers", change="entered")


@pytest.mark.parametrize(("driver", "capture"), PYTHON)
def test_python(shop: Shop, python_with_sdks: Path, tmp_path: Path, driver: str, capture: str) -> None:
    name, *arguments = driver.split()
    expect_as_captured(
        shop, capture, [str(python_with_sdks), str(HERE / "python" / f"{name}.py"), *arguments], tmp_path
    )


@pytest.mark.parametrize("name", NODE)
def test_node(shop: Shop, npm_packages: Path, tmp_path: Path, name: str) -> None:
    # Scripts find packages beside themselves.
    for file in ("shop.cjs", f"{name}.cjs"):
        (npm_packages.parent / file).write_text((HERE / "node" / file).read_text())
    expect_as_captured(shop, name, ["node", str(npm_packages.parent / f"{name}.cjs")], tmp_path)
