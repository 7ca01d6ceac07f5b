"""Records as the console reads them, and a console that shows them."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from pipeline.config.topology import Topology, load
from pipeline.console.application import Console
from pipeline.console.live_state import LiveState
from pipeline.console.shopper_page import NotFound, ShopperPage
from pipeline.demo.published_record import PublishedRecord
from pipeline.explain.known import Known

TOPOLOGY = """\
version: 1
name: shop
segments:
  lookers: {when: {count: {of: Product Viewed, at_least: 1}}}
abandonment:
  cart: {stages: [1h, 2h]}
"""
NOON = "2026-01-05T12:00:00.000Z"
HOSTILE = "<img src=x onerror=window.owned=1>\"'&</script><script>window.owned=1</script>"


def topology_in(folder: Path) -> Topology:
    path = folder / "topology.yaml"
    path.write_text(TOPOLOGY)
    return load(path, {})


def record(topic: str, value: Any, key: str = "kim", raw: str | None = None, **headers: str) -> PublishedRecord:
    return PublishedRecord(topic, 0, 0, 1_767_614_400_000, key, headers, value, raw, {"cart": "cart"})


def change(shopper: str = "kim", what: str = "entered", segment: str = "lookers") -> PublishedRecord:
    value = {"segment": segment, "change": what, "shopper": shopper, "silent": False, "effective_at": NOON}
    return record("segment-changes", value | {"cause": {"kind": "event", "message_id": f"m-{shopper}"}}, shopper)


def dead_letter(held: str) -> PublishedRecord:
    return record("clickstream-dlq", None, raw=held, reason="undecodable", detail=held, partition="2", offset="7")


class Nobody:
    """Knows no shopper."""

    def known(self, shopper: str) -> Known:
        raise NotFound(f"{shopper} is not known")

    def published(self, shopper: str) -> Iterable[PublishedRecord]:
        return ()


@contextmanager
def served(topology: Topology, state: LiveState) -> Iterator[str]:
    """The address of a console of this state, without a feed."""
    console = Console(state, ShopperPage(topology, Nobody()))
    listening = socket.create_server(("127.0.0.1", 0))
    options: dict[str, Any] = {"lifespan": "off", "log_config": None, "timeout_graceful_shutdown": 1}
    server = uvicorn.Server(uvicorn.Config(console.application(""), **options))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
