"""Dead letters: what could not be taken, with its original bytes, why, and where it came from."""

from pipeline.runtime.ports import DEAD_LETTERS, RECORD_LIMIT, Output, Record

UNDECODABLE = "undecodable"
FAILED = "failed"

# An original that is longer than a topic with default settings takes is cut: its full length is in the header
# `truncated`, and all of it is in the source topic at the coordinates given, as long as that keeps it. Whoever lets the
# dead-letter topic take more, may pass more.
DEFAULT_LIMIT = RECORD_LIMIT
_KEY_LIMIT = 4 * 1024
_DETAIL_LIMIT = 300


def dead_letter(
    record: Record,
    topic: str,
    partition: int,
    reason: str,
    detail: str = "",
    *,
    limit: int = DEFAULT_LIMIT,
    original: bytes | None = None,
    item: int | None = None,
) -> Output:
    """The dead letter of `record`. reason: a stable word to count and filter by. detail: for people.

    limit: bytes of the original value that are kept. original, item: the part of the record's value that it is about,
    and its index among the calls of a batch. A key longer than 4 KiB is left out: it is no shopper's.
    """
    value = record.value if original is None else original
    headers = [
        ("reason", reason.encode()),
        ("detail", detail[:_DETAIL_LIMIT].encode(errors="replace")),
        ("topic", topic.encode()),
        ("partition", b"%d" % partition),
        ("offset", b"%d" % record.offset),
        ("timestamp", b"%d" % record.timestamp),
    ]
    if item is not None:
        headers.append(("item", b"%d" % item))
    if value is not None and len(value) > limit:
        headers.append(("truncated", b"%d" % len(value)))
        value = value[:limit]
    key = record.key
    if key is not None and len(key) > _KEY_LIMIT:
        key = None
    return Output(DEAD_LETTERS, key, value, headers)
