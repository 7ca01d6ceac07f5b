"""The checkpoint record, and how a partition's changelog is laid out.

A changelog holds the final value of each shopper that a batch changed (key: shopper id; value: as in the store; none:
deleted), then one checkpoint record, last in the batch's transaction. Read committed, up to its end, it is therefore a
state and the place in the source that it belongs to. It is compacted; every key counts by its latest record only.
"""

from collections.abc import Iterator, Sequence

import msgspec

from pipeline.runtime.ports import CHANGELOG, RESERVED, Checkpoint, Output, StateFormatError

CHECKPOINT_KEY = RESERVED + b"checkpoint"
CHECKPOINT_FORMAT = 3

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Checkpoint)


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    return _encoder.encode(checkpoint)


def decode_checkpoint(value: bytes) -> Checkpoint:
    """Raises StateFormatError for what is no checkpoint, or one of a newer format."""
    try:
        checkpoint = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateFormatError(f"not a checkpoint record: {error}") from error
    if checkpoint.format > CHECKPOINT_FORMAT:
        raise StateFormatError(
            f"checkpoint of format {checkpoint.format}, this version knows {CHECKPOINT_FORMAT}: run a newer one"
        )
    if checkpoint.format < 2:
        # Records of format 1 wait for a plan to join their windows: the sweep goes over all of them once more.
        checkpoint.sweep = msgspec.structs.replace(checkpoint.sweep, cursor=None, looked_at=0, done=False)
    # It is written again as one of ours: an older version has to refuse what this one had.
    checkpoint.format = CHECKPOINT_FORMAT
    return checkpoint


def copy_checkpoint(checkpoint: Checkpoint) -> Checkpoint:
    """One to change without touching the other."""
    return msgspec.structs.replace(checkpoint, sources=dict(checkpoint.sources))


def changelog(partition: int, values: Sequence[tuple[bytes, bytes | None]], checkpoint: Checkpoint) -> Iterator[Output]:
    """The changelog records of one batch, the checkpoint last."""
    for key, value in values:
        yield Output(CHANGELOG, key, value, None, partition)
    yield Output(CHANGELOG, CHECKPOINT_KEY, encode_checkpoint(checkpoint), None, partition)
