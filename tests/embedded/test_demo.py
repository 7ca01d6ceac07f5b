"""`afterclick demo`, as a user starts it: everything on one machine, and nothing left behind."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.shop_history import history
from tests.support.worker_process import COMMAND, SLOWEST, afterclick, eventually

pytestmark = pytest.mark.embedded

REPOSITORY = Path(__file__).parents[2]
FIRST_DECISION = 15.0 * SLOWEST
"""Seconds from the start to the first decision, at most."""
END = 20.0 * SLOWEST
"""Seconds from Ctrl-C to the end, at most."""


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """What the demo and its children take for the temporary directory. Short: sockets have long names in it."""
    folder = tmp_path / "t"
    folder.mkdir()
    return folder


def start(temporary: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, "demo", "--plain", *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_behind(temporary: Path) -> list[str]:
    """Processes that name our temporary directory, and files in it."""
    processes = [command for command in _commands() if str(temporary) in command and "pytest" not in command]
    return processes + [path.name for path in temporary.iterdir()]


def _commands() -> Iterator[str]:
    listing = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True)
    yield from listing.stdout.splitlines()


def test_simulated_shoppers_are_decided_about_and_nothing_is_left_behind(temporary: Path) -> None:
    demo = start(temporary, "--seconds", "20")

    told, complaints = demo.communicate(timeout=3 * 60)

    assert demo.returncode == 0, complaints
    assert not complaints
    first = re.search(r"first decision after ([\d.]+) s", told)
    assert first, told
    assert float(first[1]) <= FIRST_DECISION
    assert re.search(r"u-\S+ entered |\S+ entered ", told), "decisions are told as sentences"
    assert re.search(r"[1-9][\d,]* segment changes", told)
    assert left_behind(temporary) == []


def test_who_shops_on_its_page_is_told_what_was_decided(temporary: Path) -> None:
    demo = start(temporary, "--seconds", "60")
    assert demo.stdout is not None
    url = next(line for line in demo.stdout if line.startswith("Shop yourself at ")).split()[-1]
    settings = json.loads(httpx2.get(f"{url}/settings.js").text.removeprefix("window.settings = "))
    product = {"product_id": "P1", "name": "Trail runner", "category": "Shoes", "price": 89.9, "quantity": 2}

    def sent() -> bool:
        call = {"event": "Product Added", "properties": product, "anonymousId": "web-7", "messageId": "m-7"}
        with contextlib.suppress(httpx2.TransportError):
            posted = httpx2.post(f"{settings['collector']}/v1/t", json=call, auth=(settings["writeKey"], ""))
            return posted.status_code == 200
        return False

    eventually("the collector takes it", sent, 30)
    decided: set[str] = set()

    def told() -> bool:
        decided.update(one["text"] for one in httpx2.get(f"{url}/decisions").json() if one["shopper"] == "web-7")
        return {"big-cart", "left"} <= {word for text in decided for word in text.split()}

    eventually("its cart is large, and it was left behind", told, 50)
    demo.send_signal(signal.SIGINT)
    _, complaints = demo.communicate(timeout=60)
    assert (demo.returncode, complaints) == (0, "")
    assert left_behind(temporary) == []


def test_ctrl_c_ends_it_in_order(temporary: Path) -> None:
    demo = start(temporary, "--seconds", "120")
    assert demo.stdout is not None
    first_line = demo.stdout.readline()

    demo.send_signal(signal.SIGINT)
    began = time.monotonic()
    told, complaints = demo.communicate(timeout=3 * 60)

    assert time.monotonic() - began < END
    assert demo.returncode == 0, complaints
    assert "events" in first_line + told
    assert not complaints, "no traceback"
    assert left_behind(temporary) == []


def test_ctrl_c_while_it_starts_ends_it_too(temporary: Path) -> None:
    demo = start(temporary)
    while not any(temporary.iterdir()):
        time.sleep(0.05)

    demo.send_signal(signal.SIGINT)
    _, complaints = demo.communicate(timeout=3 * 60)

    assert demo.returncode == 0
    assert not complaints
    assert left_behind(temporary) == []


def test_a_file_is_decided_about_as_replay_does(temporary: Path, tmp_path: Path) -> None:
    file, output = tmp_path / "events.ndjson", tmp_path / "out"
    file.write_bytes(b"\n".join(value for _, value in history(1_500)) + b"\n")
    assert afterclick("replay", file, "--output", output, "--topology", REPOSITORY / "topology.yaml").returncode == 0

    demo = start(temporary, "--input", str(file))
    told, complaints = demo.communicate(timeout=3 * 90)

    assert demo.returncode == 0, complaints
    lines = {path.stem: len(path.read_text().splitlines()) for path in output.glob("*.ndjson")}
    for topic, name in (
        ("segment-changes", "segment changes"),
        ("abandonment-triggers", "abandonment triggers"),
        ("loyalty-tiers", "tier changes"),
        ("loyalty-points", "points entries"),
        ("journey-changes", "changes of stage"),
        ("trait-changes", "changes of traits"),
        ("consent-changes", "changes of consent"),
    ):
        assert f"{lines[topic]:,} {name}" in told, told
    assert f"{lines['dead-letters']} dead letters" in told
    assert left_behind(temporary) == []


def test_a_worker_that_dies_ends_the_demo_with_a_reason(temporary: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(value for _, value in history(20_000)) + b"\n")
    demo = start(temporary, "--input", str(file), "--seconds", "60")
    worker = _wait_for_worker(temporary)

    os.kill(worker, signal.SIGKILL)
    _, complaints = demo.communicate(timeout=3 * 60)

    assert demo.returncode == 1
    assert complaints.startswith("The worker ended by signal 9")
    assert complaints.count("\n") == 1


def _wait_for_worker(temporary: Path) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        listing = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True)
        for line in listing.stdout.splitlines():
            if str(temporary) in line and "pipeline.demo.child" in line and " worker " in line:
                return int(line.split()[0])
        time.sleep(0.1)
    raise AssertionError("no worker was started")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--input", "none.ndjson"], 1, "none.ndjson cannot be read"),
        (["--input", "x", "--speed", "10"], 2, "--speed goes with simulated shoppers"),
        (["--speed", "0"], 2, "--speed is 0"),
        (["--topology", "none.yaml"], 2, "none.yaml"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(temporary: Path, arguments: list[str], code: int, told: str) -> None:
    demo = start(temporary, *arguments)

    _, complaints = demo.communicate(timeout=3 * 30)

    assert demo.returncode == code
    assert told in complaints
    assert "Traceback" not in complaints
    assert left_behind(temporary) == []


def test_a_file_in_which_nothing_happens_is_a_failure(temporary: Path, tmp_path: Path) -> None:
    """As a smoke test it would else pass without having seen a thing."""
    file = tmp_path / "events.ndjson"
    call = {"type": "track", "event": "Nothing Known", "userId": "u", "timestamp": "2026-01-03T10:00:00Z"}
    file.write_text(json.dumps(call) + "\n")

    demo = start(temporary, "--input", str(file), "--seconds", "30")
    _, complaints = demo.communicate(timeout=3 * 60)

    assert demo.returncode == 1
    assert "nothing was decided" in complaints
