"""Requests that real SDKs sent, from the shared captures."""

import base64
import json
import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

SHARED = Path(os.environ.get("AFTERCLICK_SHARED", Path(__file__).parents[3] / "shared"))
CAPTURES = SHARED / "wire"


class Captured(NamedTuple):
    """target: path and query. headers: as sent, but those of the connection."""

    client: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))


_OF_THE_CONNECTION = {"host", "connection", "content-length", "accept-encoding", "transfer-encoding"}


def captured(client: str) -> list[Captured]:
    """What one client sent, in order; what browsers ask for on their own is left out."""
    found = json.loads((CAPTURES / f"{client}.json").read_text())
    return [_captured(client, one) for one in found if "favicon" not in one["path"]]


def clients() -> list[str]:
    return sorted(path.stem for path in CAPTURES.glob("*.json"))


def _captured(client: str, one: dict[str, Any]) -> Captured:
    pairs = one["headers"].items() if isinstance(one["headers"], dict) else one["headers"]
    headers = {name.lower(): value for name, value in pairs if name.lower() not in _OF_THE_CONNECTION}
    body = base64.b64decode(one["raw_body_base64"])
    if len(body) != one["raw_bytes"]:
        # Long bodies were captured decoded alone.
        body = json.dumps(one["decoded_body"]).encode()
        headers.pop("content-encoding", None)
    return Captured(client, one["method"], one["path"], headers, body)
