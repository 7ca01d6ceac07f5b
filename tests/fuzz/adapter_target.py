"""What a fuzzer gives to one wire format: bytes as a request's query, a header and its body. Anything but a refusal or
records that intake can read is a failure."""

from urllib.parse import parse_qsl

from pipeline.collector.body import decompressed
from pipeline.collector.record import Recorder
from pipeline.collector.wire import ga4, gtag, posthog, rudderstack, segment, snowplow
from pipeline.collector.wire.request import EVENT_LIMIT, FIELD_LIMIT, Rejected, WireRequest
from pipeline.domain.definition import Plan
from pipeline.domain.intake.intake import Intake

ADAPTERS = {
    "segment": segment, "rudderstack": rudderstack, "snowplow": snowplow, "posthog": posthog, "ga4": ga4, "gtag": gtag,
}  # fmt: skip
_RECEIVED = 1_796_000_000_000
_recorder = Recorder(lambda: "fresh", True)


def give(adapter: str, data: bytes) -> None:
    """data: query, a header's value and the body, a line each; the body may have more lines. Without two line ends all
    of it is the body."""
    parts = data.split(b"\n", 2)
    query, header, body = parts if len(parts) == 3 else (b"", b"", data)
    wanted = ADAPTERS[adapter]
    try:
        fields = dict(parse_qsl(query.decode("ascii", "ignore"), max_num_fields=FIELD_LIMIT))
    except ValueError:
        return
    path = wanted.PATHS[len(data) % len(wanted.PATHS)]
    headers = {"anonymousid": header.decode("latin-1"), "sentat": header.decode("latin-1")} if header else {}
    try:
        opened = wanted.opened(WireRequest(path, decompressed(body, ""), fields, headers))
        records, oversize = _recorder.records(opened.calls, _RECEIVED, "203.0.113.9")
    except Rejected as rejected:
        assert rejected.status in (400, 401), rejected.status
        return
    except RecursionError:
        # Answered as too deep, as http.py does.
        return
    assert len(records) + oversize == len(opened.calls)
    intake = Intake(Plan("shop", "digest"))
    for record in records:
        assert len(record.value) <= EVENT_LIMIT
        assert intake.accept(record.value, record.received)
