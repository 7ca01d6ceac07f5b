"""Partition time: how far, in received time, everything is known of all source partitions (architecture.md, "Time").

Progress records say "of source partition p, all that was received up to T has been forwarded". They are in the log, so
partition time is a function of the log alone; all it remembers is in the checkpoint.
"""

import msgspec

from pipeline.runtime.ports import RESERVED, SHOPPER_EVENTS, Checkpoint, Output

PROGRESS_PREFIX = RESERVED + b"progress/"


class Progress(msgspec.Struct, gc=False, tag_field="type", tag="progress"):
    """Value of a progress record. source: source partition; until: received time, ms."""

    source: int
    until: int


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Progress)


def decode_progress(value: bytes) -> Progress:
    """Raises msgspec.DecodeError."""
    return _decoder.decode(value)


def progress_records(source: int, until: int, partitions: int) -> list[Output]:
    """One record for every partition of shopper-events. The key names the source, so the latest one counts."""
    key = PROGRESS_PREFIX + b"%d" % source
    value = _encoder.encode(Progress(source, until))
    return [Output(SHOPPER_EVENTS, key, value, None, partition) for partition in range(partitions)]


def advance(checkpoint: Checkpoint, progress: Progress, sources: int, stall: int | None) -> int:
    """Take one progress record into `checkpoint` and return partition time, ms, which never runs backwards.

    stall: a source more than this many ms behind the greatest is left out; None: none is (`tick: off`, where only
    records move time). sources: number of source partitions. One never heard of may hold records older than any
    progress so far, so time stays where it is; it is left out as if it stood at the first progress ever seen.
    """
    known = checkpoint.sources
    known[progress.source] = max(known.get(progress.source, 0), progress.until)
    if not checkpoint.first_progress:
        checkpoint.first_progress = progress.until
    oldest = max(known.values()) - stall if stall is not None else 0
    if len(known) >= sources or checkpoint.first_progress < oldest:
        checkpoint.time = max(checkpoint.time, min(until for until in known.values() if until >= oldest))
    return checkpoint.time
