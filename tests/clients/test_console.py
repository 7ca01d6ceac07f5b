"""The console in a real Chromium: decisions appear, a shopper is explained, and no text becomes markup.

Where AFTERCLICK_PICTURES names a folder, the pictures of the README are left there (`make pictures`).
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.console.live_state import LiveState
from tests.support.console_records import HOSTILE, change, dead_letter, served, topology_in
from tests.support.worker_process import COMMAND, SLOWEST

pytestmark = pytest.mark.clients

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
AA = 4.5
# ms until there is something to see in a picture.
WAIT = 15_000 if os.environ.get("AFTERCLICK_PICTURES") else 0
# ms; the console's own part of a page of which nothing is fetched from elsewhere.
FIRST_PAINT = 1_000 * SLOWEST


def seen(packages: Path, chromium: str, url: str, what: str, pictures: Path) -> dict[str, Any]:
    """What browser/console.cjs saw."""
    script = packages.parent / "console.cjs"
    script.write_text((HERE / "browser" / "console.cjs").read_text())
    arguments = ["node", str(script), chromium, url, what, str(pictures), str(WAIT)]
    run = subprocess.run(arguments, capture_output=True, text=True, timeout=180, check=False)
    assert run.returncode == 0, run.stderr
    told: dict[str, Any] = json.loads(run.stdout)
    assert told["complaints"] == []
    return told


def is_readable(told: dict[str, Any], page: str) -> None:
    assert min(told[f"{page} contrast"].values()) >= AA, told
    assert told[f"{page} wider than a phone"] <= 0


def test_hostile_texts_never_become_markup(npm_packages: Path, chromium: str, tmp_path: Path) -> None:
    topology = topology_in(tmp_path)
    state = LiveState(topology)
    state.see(change(HOSTILE))
    state.see(dead_letter(HOSTILE))
    with served(topology, state) as url:
        told = seen(npm_packages, chromium, url, "hostile", tmp_path)

    live, shopper = told["live"], told["shopper"]
    assert (live["owned"], live["made"], shopper["owned"], shopper["made"]) == (None, 0, None, 0)
    # It is there, as the text that it is.
    assert (live["decision"], live["letter"], shopper["title"]) == (HOSTILE, HOSTILE, HOSTILE)
    assert "<img src=x" in live["cause"]
    is_readable(told, "live")


def test_the_demo_opens_on_a_page_where_a_shopper_is_explained(
    npm_packages: Path, chromium: str, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("AFTERCLICK_PICTURES") or tmp_path)
    arguments = [*COMMAND, "demo", "--plain", "--seconds", "240"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(arguments, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            lines = (re.search(r"at (http://\S+)", line) for line in demo.stdout if line.startswith("Watch it"))
            url = next(found[1] for found in lines if found)
            told = seen(npm_packages, chromium, url, "explain", pictures)
        finally:
            demo.terminate()
            demo.communicate(timeout=60)

    assert told["live"]
    assert told["shopper"]
    assert told["decisions"] > 0
    assert re.search(r"member of", told["why"])
    # What a script makes of a field that is not there.
    assert not re.search(r"undefined|NaN|\[object", told["text"])
    assert told["paint"] < FIRST_PAINT
    is_readable(told, "live")
    is_readable(told, "shopper")
