"""Segment's and RudderStack's archives: a call a line, as their storage destinations write it; batches too."""

from pipeline.archive.row import Row
from pipeline.collector.wire.request import text
from pipeline.collector.wire.segment import inherited
from pipeline.domain.intake.envelope import decode_call


def read_row(line: bytes) -> Row:
    """Raises RefusedCall. Times stand as the vendor's server left them: it has corrected the client's clock, which
    intake sees by `receivedAt` or `originalTimestamp`."""
    body = decode_call(line)
    batch = body.get("batch")
    if type(batch) is list:
        return Row([inherited(body, item) for item in batch], text(body.get("receivedAt")))
    return Row([body])
