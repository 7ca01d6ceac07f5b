"""A real Chromium on a page of ours: what serves the page, and what clicks on it."""

import json
import subprocess
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

HERE = Path(__file__).parent
_TYPES = {"js": "text/javascript", "css": "text/css"}


class Pages:
    """Serves files by path, from a port of its own, as any web server of a shop."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, contents))
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.origin = f"http://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, contents: Mapping[str, bytes], *arguments: Any) -> None:
        self._contents = contents
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        found = self._contents.get(path)
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", _TYPES.get(path.rpartition(".")[2], "text/html"))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing is told."""


class Browser:
    """Does what browser/drive.cjs can be told. packages: the `node_modules` with playwright-core."""

    def __init__(self, packages: Path, chromium: str, errors: Path) -> None:
        script = packages.parent / "drive.cjs"
        script.write_text((HERE / "browser" / "drive.cjs").read_text())
        self._errors = errors
        with errors.open("ab") as output:
            self._process = subprocess.Popen(
                ["node", str(script), chromium],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )

    def do(self, line: str) -> None:
        """Fails with what the page or the driver said."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self._errors.read_text()
        assert json.loads(answer) == {"done": line, "complaints": []}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
