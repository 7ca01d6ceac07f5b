"""Bodies of requests, decompressed within a bound."""

import zlib
from collections.abc import AsyncIterator

from pipeline.collector.wire.request import BATCH_LIMIT, Rejected

_GZIP = b"\x1f\x8b"
# Window bits of zlib's that take both gzip's and zlib's header.
_EITHER = 47


async def read_body(chunks: AsyncIterator[bytes], encoding: str) -> bytes:
    """The body as the client meant it, at most 500 KB before and after decompression. Raises Rejected.

    Too large is 400, as at Segment: Snowplow's Python tracker would send a 413 again for ever.
    """
    parts, size = [], 0
    async for chunk in chunks:
        size += len(chunk)
        if size > BATCH_LIMIT:
            raise too_large()
        parts.append(chunk)
    return decompressed(b"".join(parts), encoding)


def decompressed(body: bytes, encoding: str) -> bytes:
    """encoding: the header Content-Encoding. What begins as gzip is gzip whatever the header says: JSON never does."""
    if encoding.strip().lower() not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise Rejected(400, "unknown_encoding", "The body is to be plain, gzip or deflate.")
    compressed = body.startswith(_GZIP) or encoding.strip().lower() == "deflate"
    return _inflated(body) if compressed else body


def _inflated(body: bytes) -> bytes:
    whole = b""
    try:
        while body:
            stream = zlib.decompressobj(_EITHER)
            whole += stream.decompress(body, BATCH_LIMIT + 1 - len(whole))
            if len(whole) > BATCH_LIMIT:
                raise too_large()
            if not stream.eof:
                raise Rejected(400, "invalid_compression", "The compressed body ends early.")
            # gzip may be several members, one after the other.
            body = stream.unused_data
    except zlib.error:
        raise Rejected(400, "invalid_compression", "The body is not what its encoding says.") from None
    return whole


def too_large() -> Rejected:
    return Rejected(400, "too_large", f"A request may have {BATCH_LIMIT} bytes.")
