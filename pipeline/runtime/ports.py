"""What the runtime needs from the world, as protocols: a state partition, a transactional outbox, and codecs.

Nothing here knows of Kafka, RocksDB or Avro; the edges (`pipeline.kafka`, `pipeline.state`, `schemas`) fit into it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from pipeline.domain.decision import Decision
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.runtime.gap import Gap
from pipeline.runtime.graft_log import Grafting

# Logical topics besides the decision topics; the edge maps them to the shop's own names.
SHOPPER_EVENTS = "shopper-events"
DEAD_LETTERS = "clickstream-dlq"
CHANGELOG = "changelog"  # the agent's own one, partitioned as its source

# Keys that begin with a zero byte are ours; a shopper id never does.
RESERVED = b"\x00"

# Bytes of a value that a topic with default settings takes (1 MiB less room for key, headers and framing).
RECORD_LIMIT = 960 * 1024

# Bytes of a shopper record; the changelog topics and our producers take 16 MiB.
SHOPPER_LIMIT = 15 * 1024 * 1024

DueEntry = tuple[int, bytes]
Headers = list[tuple[str, bytes]]


class Record(msgspec.Struct, gc=False):
    """One consumed record. timestamp: ms, as the broker gives it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Batch(msgspec.Struct, gc=False):
    """Consecutive records of one partition, in offset order.

    follows: offset of the last record handed out before this batch, or the seek target - 1 after a seek. A processor
    takes a batch only if this is what it last took; transaction markers leave gaps, so offsets alone can't tell.
    now: the brokers' time, ms, when the batch was handed out, 0 = not known. Only intake looks at it, to bring
    received times of bad producer clocks back. size: bytes of its values, 0 = not known.
    """

    topic: str
    partition: int
    follows: int
    records: Sequence[Record]
    now: int = 0
    size: int = 0


class Output(msgspec.Struct, gc=False):
    """A record to publish. topic: logical name, the edge maps it to the shop's. partition None: by key (murmur2)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers | None = None
    partition: int | None = None


class LetterCount(msgspec.Struct, frozen=True, gc=False):
    """row: dead letters in a row up to here. dead: of the latest `seen` records; see dead_letter_limit.py."""

    row: int = 0
    dead: int = 0
    seen: int = 0


class Sweep(msgspec.Struct, frozen=True, gc=False):
    """How far the records of a partition are brought under the present plan; see sweep.py.

    plan: the present one, leading 32 bits of its digest. since: partition time, ms, when it took over. cursor: the last
    key looked at, None = none yet. looked_at: how many keys that are.
    """

    plan: int = 0
    since: int = 0
    cursor: bytes | None = None
    looked_at: int = 0
    done: bool = False


class Checkpoint(msgspec.Struct, gc=False):
    """Where a partition stands; written to its changelog in each batch's transaction, and to the store with its state.

    next_offset: first source offset not yet taken in (-1: nothing taken yet). sources: latest progress of each source
    partition, ms; intake's own: what it last told of its source partition. first_progress: the first progress ever
    seen, ms (0 = none). time: the shopper agent's partition time, intake's greatest received time, ms; never runs
    backwards. format: of the checkpoint and of the state it belongs to. letters: how many records were dead letters.
    kept: the pieces of state that records are folded into, see gap.py; None: not noted yet, of gaps nothing is known.
    erased: how many times a shopper was erased; mark: tells under which pepper, see grave.py.
    """

    next_offset: int = -1
    sources: dict[int, int] = {}
    first_progress: int = 0
    time: int = 0
    format: int = 3
    letters: LetterCount = LetterCount()
    sweep: Sweep = Sweep()
    kept: bytes | None = None
    gaps: tuple[Gap, ...] = ()
    grafting: Grafting = Grafting()
    erased: int = 0
    mark: str = ""


class StateWrite(msgspec.Struct, gc=False):
    """One atomic change of a state partition.

    values: final (key, value) of each changed key, None deletes. due_added and due_dropped: entries of the due-time
    index, dropped first. checkpoint None leaves the stored one. changelog_offset: offset of the last changelog record
    that the state then contains, -1 = none. complete: that is the last one there is.
    """

    values: Sequence[tuple[bytes, bytes | None]]
    changelog_offset: int
    checkpoint: Checkpoint | None = None
    due_added: Sequence[DueEntry] = ()
    due_dropped: Sequence[DueEntry] = ()
    complete: bool = True


class StateStats(msgspec.Struct, gc=False):
    """keys: shopper records, an estimate if need be. disk and memory: bytes, without what partitions share."""

    keys: int
    disk: int
    memory: int


class StatePartition(Protocol):
    """The state of one partition. One thread at a time. Errors: `StateError`.

    The due-time index holds hints: for every value that is due at d there is an entry at or before d; a key may also
    be due later than an entry says, or not at all. What to add and drop is the runtime's business (overlay.py).
    """

    def get_many(self, keys: Sequence[bytes]) -> Sequence[bytes | None]: ...

    def write(self, change: StateWrite) -> None:
        """All of it or nothing, also across a crash."""
        ...

    def due(self, until: int, limit: int, after: DueEntry | None = None) -> list[DueEntry]:
        """Up to `limit` entries behind `after` with due <= until (ms), in order of (due, key)."""
        ...

    def checkpoint(self) -> Checkpoint: ...

    def changelog_offset(self) -> int: ...

    def complete_at(self) -> int:
        """When, in ms of this machine's clock, the last complete write was, or the first one of all; 0 = not known."""
        ...

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        """All (key, value) of shoppers, in key order. Exhaust or close it before `close`."""
        ...

    def values(self, after: bytes | None, limit: int) -> list[tuple[bytes, bytes]]:
        """Up to `limit` (key, value) of shoppers behind the key `after`, None = from the first one on, in key order."""
        ...

    def replace_due(self, entries: Iterable[DueEntry]) -> None:
        """Make the due-time index anew, all or nothing."""
        ...

    def stats(self) -> StateStats: ...

    def close(self) -> None:
        """Idempotent; releases the lock on the files."""
        ...


class ShopperCodec(Protocol):
    """Shopper record <-> value of the store and of the changelog (pipeline/state/record.py)."""

    def encode(self, shopper: Shopper) -> bytes: ...

    def decode(self, value: bytes) -> Shopper: ...

    def due(self, value: bytes) -> int:
        """The due time, ms, that a stored value asks for; 0 = none. Cheap."""
        ...

    def plan(self, value: bytes) -> int:
        """`Shopper.plan` of a stored value. Cheap."""
        ...


class DecisionEncoder(Protocol):
    """Decision -> value and headers of an output record (schemas/). source: topic, partition, offset of its cause."""

    def encode(self, decision: Decision, source: dict[str, Any]) -> tuple[bytes, Headers]: ...


class DecisionRenderer(Protocol):
    """What else is published of a shopper's decision, on SEGMENT_CALLS: values and headers, in order; mostly none."""

    def render(self, decision: Decision, shopper: Shopper) -> Sequence[tuple[bytes, Headers]]: ...


class Outcome(Protocol):
    """What one record or one due time led to; `pipeline.domain.decide.Outcome`."""

    @property
    def decisions(self) -> list[Decision]: ...

    @property
    def refusal(self) -> str | None: ...

    @property
    def remarks(self) -> list[str]: ...

    @property
    def letters(self) -> list[Event]: ...


class Outbox(Protocol):
    """The partition's own transactional producer. One transaction a batch; what is produced outside of one is refused.

    Any call may raise `Fenced`, `Uncertain` or, where the transaction certainly did not and will not happen,
    a plain `OutboxError`.
    """

    def begin(self) -> None: ...

    def produce(self, outputs: Iterable[Output]) -> None:
        """Hand over, in order; may block for room in the send buffer."""
        ...

    def commit(self) -> int:
        """Make the transaction visible. Returns the offset of its last CHANGELOG record, -1 if it had none."""
        ...

    def abort(self) -> None: ...


class Hopeless(Exception):
    """Trying again changes nothing: the partition stops at once, until someone has looked."""


class Away(Exception):
    """The brokers do not answer, or can't for now: tried again for as long as it takes."""


class OutboxError(Exception):
    """The transaction did not happen; the same batch may be given to the processor again."""


class Uncertain(OutboxError):
    """The transaction may have happened or not: fence anew, restore from the changelog, go on from its checkpoint."""


class OutboxAway(Uncertain, Away):
    """The brokers did not answer in time."""


class Denied(OutboxError, Hopeless):
    """We lack a permission."""


class TooLarge(OutboxError, Hopeless):
    """A topic does not take a record as long as this."""


class Fenced(OutboxError):
    """Another worker owns this partition now: touch nothing of it any more."""


class StateError(Exception):
    """A state partition can't be read or written."""


class StateLocked(StateError):
    """Another process, or a partition not closed, holds the directory."""


class StateCorrupt(StateError):
    """The files are damaged: set them aside and restore from the changelog."""


class StateFormatError(StateError, Hopeless):
    """Written by a newer version of this program, or by none."""
