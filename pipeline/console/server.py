"""The console as a server: until it is told to stop."""

import logging

import uvicorn

from pipeline.collector.listening import listening_on
from pipeline.console.application import Console

_GRACE = 1
_CONNECTIONS = 200


def serve(console: Console, address: tuple[str, int], key: str) -> None:
    """Raises OSError if the address is taken."""
    listening = listening_on(address, "--listen")
    # It would write a line for each malformed request, and one for each page that is open at the end.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    configuration = uvicorn.Config(
        console.application(key),
        ws="none",
        lifespan="off",
        # It would log ids.
        access_log=False,
        log_config=None,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE,
    )
    try:
        uvicorn.Server(configuration).run([listening])
    finally:
        listening.close()
