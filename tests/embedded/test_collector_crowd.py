"""Ten thousand clients that say nothing, and some that say too much: others are served, and memory stays bounded."""

import contextlib
import gzip
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.fuzz.served import served
from tests.support.collector_process import CollectorProcess
from tests.support.worker_process import eventually

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(900)]

CROWD = 10_000
"""The bound of connections, by default."""
MIB = 2**20
CALL = {"userId": "u-1", "event": "Product Viewed"}


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[CollectorProcess]:
    with served(tmp_path) as running:
        yield running


@pytest.fixture
def files() -> Iterator[None]:
    """As many open ones as the crowd needs, in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CROWD + 1_000:
        pytest.skip(f"this machine lets a process have {hard} files open, and the crowd needs {CROWD + 1_000}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (CROWD + 1_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_ten_thousand_that_say_nothing(collector: CollectorProcess, files: None) -> None:
    address = "127.0.0.1", int(collector.url.rpartition(":")[2])
    before = collector.resident()
    with contextlib.ExitStack() as stack, httpx2.Client(base_url=collector.url, timeout=30) as honest:
        assert honest.post("/v1/track", json=CALL).status_code == 200
        crowd = []
        for number in range(CROWD + 200):
            with contextlib.suppress(ConnectionError):
                crowd.append(stack.enter_context(socket.create_connection(address, 30)))
            if number % 500 == 0:
                assert honest.post("/v1/track", json=CALL).status_code == 200, "who is connected stays served"
        eventually("those beyond the bound are closed", lambda: sum(map(ended, crowd[-150:])) == 150, 10)
        grown = (collector.resident() - before) / MIB
        assert grown < 250, f"{grown:.0f} MiB"
        eventually("who says nothing is closed", lambda: all(map(ended, crowd[:CROWD:97])), 40)
        assert honest.post("/v1/track", json=CALL).status_code == 200
    eventually("new clients come in again", lambda: collector.health() == "ok", 10)


def test_bombs_and_heaps_leave_no_mark(collector: CollectorProcess) -> None:
    bomb, heap = gzip.compress(b" " * 100 * MIB, 9), b" " * 2 * MIB
    with httpx2.Client(base_url=collector.url, timeout=60) as client:
        assert client.post("/v1/track", json=CALL).status_code == 200
        before = collector.resident()
        for _ in range(30):
            for body in (bomb, heap):
                assert client.post("/v1/batch", content=body).status_code == 400
        assert client.post("/v1/track", json=CALL).status_code == 200
    assert (collector.resident() - before) / MIB < 30
    assert collector.health() == "ok"
