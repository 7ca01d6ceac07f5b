"""What earlier versions stored is read, and what later ones stored is refused or read without loss of meaning."""

import msgspec
import pytest

from pipeline.domain.correspondence import Candidate, Correspondence, Escalation, Followed, Messages
from pipeline.domain.derived import Derived, Seen, Told
from pipeline.domain.messaging.word import Device, Word, Words
from pipeline.domain.shopper import FORMAT, Membership, Shopper
from pipeline.domain.shopping import Instance
from pipeline.runtime.checkpoint import CHECKPOINT_FORMAT, CHECKPOINT_KEY, decode_checkpoint, encode_checkpoint
from pipeline.runtime.ports import Checkpoint, Record, StateFormatError
from pipeline.runtime.shopper_settings import Settings
from pipeline.state import record
from pipeline.state.changelog import Restore, rebuild_due
from pipeline.state.memory import MemoryPartition
from pipeline.state.record import RecordCodec
from tests.contract.records.write_format import SAMPLES, path_of
from tests.support.fake_engine import FakeEngine
from tests.support.memory_broker import MemoryBroker
from tests.support.shop_state import opened
from tests.support.topology_driver import decisions, send_progress, shopper_driver

CODEC = RecordCodec()
T = 1_767_434_400_000


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_records_stored_by_every_format_there_was_are_read(number: int) -> None:
    stored = msgspec.msgpack.decode(path_of(number).read_bytes())
    assert [value[0] for value in stored] == [number] * len(SAMPLES)
    # A record of format 1 belongs to no plan: one has to join its windows.
    plans = [0 if number == 1 else sample.plan for sample in SAMPLES]
    expected = [msgspec.structs.replace(one, plan=plan) for one, plan in zip(SAMPLES, plans, strict=True)]
    assert [opened(CODEC.decode(value)) for value in stored] == [opened(sample) for sample in expected]
    assert [CODEC.plan(value) for value in stored] == plans
    assert [CODEC.due(value) for value in stored] == [sample.due for sample in SAMPLES]


def test_the_present_version_stores_what_the_fixture_holds() -> None:
    # A field added at the end changes these bytes: then format-N.bin stays, and a test of its own reads the new field.
    stored = msgspec.msgpack.decode(path_of(FORMAT).read_bytes())
    assert [CODEC.encode(sample) for sample in SAMPLES] == stored


def test_why_an_instance_stopped_is_appended_and_read_back() -> None:
    shopper = Shopper()
    shopper.instances = [Instance("hesitation", "k-1", 1, 0, 5, 5, reason="shipping")]
    assert opened(CODEC.decode(CODEC.encode(shopper))) == opened(shopper)


def test_when_a_membership_changed_is_kept_since_it_was_appended() -> None:
    shopper = Shopper(memberships={"loyal": Membership(True, 3, 99, since=7)})
    assert opened(CODEC.decode(CODEC.encode(shopper))) == opened(shopper)


@pytest.mark.parametrize("anonymous", [None, True, False])
def test_whether_a_shopper_is_anonymous_is_appended_and_read_back(anonymous: bool | None) -> None:
    assert CODEC.decode(CODEC.encode(Shopper(anonymous=anonymous))).anonymous is anonymous


def test_what_is_derived_is_appended_and_read_back() -> None:
    shopper = Shopper(now=5, derived=Derived(due=9, stage="at_risk", stage_changes=3, stage_due=9))
    assert shopper.derived is not None
    shopper.derived.told = {"value": Told({"amount": 5, "currency": "EUR"}, 2, 9), "seen": Told("Shoes", 1)}
    shopper.derived.seen = {2**63: {2**62: Seen("Shoes", 4, 2, [3, 4]), 7: Seen(True, 1, 1)}}
    assert opened(CODEC.decode(CODEC.encode(shopper))) == opened(shopper)


def test_what_was_said_of_consent_is_appended_read_back_and_left_alone_until_asked_for() -> None:
    shopper = Shopper(
        consent=Words(2, [Word("", "marketing", 0, 2, 5), Word("email", "", 2**64 - 1, 4, 6)], [Device("t", 5)])
    )
    stored = CODEC.encode(shopper)
    read = CODEC.decode(stored)
    assert CODEC.encode(read) == stored
    assert opened(read) == opened(shopper)
    assert CODEC.encode(read) == stored


def test_what_waits_of_messages_and_what_was_sent_is_appended_read_back_and_left_alone_until_asked_for() -> None:
    waiting = Candidate(
        "reminder", "m-1", 5, 9, False, 2, 6, "cart-1", True, b"payload", Escalation(1, [2**64 - 1], True, True)
    )
    gone = Followed(b"\x07" * 16, "reminder", "email", "b", 5, 9, 3, b"\x08" * 16)
    kept = Correspondence([waiting], {"email": [4, 2**64 - 1]}, {"reminder": "b"}, {7: True}, [gone])
    shopper = Shopper(messages=Messages(9, kept))
    stored = CODEC.encode(shopper)
    read = CODEC.decode(stored)
    assert CODEC.encode(read) == stored
    assert read.correspondence() == kept
    assert CODEC.encode(read) == stored


def old_value(now: int, due: int) -> bytes:
    return b"\x00" + msgspec.msgpack.encode([due, now])


@pytest.fixture
def format_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format that never was: (due, now)."""

    def migrate(body: bytes) -> Shopper:
        due, now = msgspec.msgpack.decode(body)
        return Shopper(now=now, created=now, due=due)

    monkeypatch.setitem(record.MIGRATIONS, 0, migrate)


@pytest.mark.usefixtures("format_zero")
@pytest.mark.parametrize("how", ["from the changelog", "from the disk"])
def test_a_partition_of_an_older_format_goes_on_and_is_rewritten_as_it_is_touched(how: str) -> None:
    broker = MemoryBroker()
    values = [(b"ann", old_value(T, T + 500)), (b"bob", old_value(T, 0))]
    checkpoint = Checkpoint(next_offset=0, sources={0: T}, first_progress=T, time=T)
    driver = shopper_driver(broker, FakeEngine(), Settings(1, None))
    lane = driver.lanes[0]
    state = MemoryPartition()
    restore = Restore(state, CODEC)
    restore.apply(
        [
            *(Record(100 + number, 0, key, value) for number, (key, value) in enumerate(values)),
            Record(110, 0, CHECKPOINT_KEY, encode_checkpoint(checkpoint)),
        ]
    )
    if how == "from the disk":
        rebuild_due(state, CODEC)
    lane.state = state
    lane.open()
    send_progress(broker, 0, T + 1_000)
    driver.run()
    assert [(one["shopper"], one["effective_at"]) for one in decisions(broker)] == [("ann", T + 500)]
    stored = driver.state()
    assert (stored[b"ann"][0], stored[b"bob"][0]) == (FORMAT, 0)


@pytest.mark.parametrize("newer", ["record", "checkpoint"])
def test_a_newer_format_stops_the_restore_and_leaves_the_store_as_it_was(newer: str) -> None:
    state = MemoryPartition()
    records = [
        Record(0, 0, b"ann", CODEC.encode(Shopper(due=5)) if newer != "record" else bytes([FORMAT + 1]) + b"\x90"),
        Record(1, 0, CHECKPOINT_KEY, encode_checkpoint(Checkpoint(format=FORMAT + (newer == "checkpoint")))),
    ]
    with pytest.raises(StateFormatError, match=f"this version knows {FORMAT}"):
        Restore(state, CODEC).apply(records)
    assert list(state.scan()) == []


class Later(msgspec.Struct, array_like=True, gc=False):
    """A Membership with a field that a later version appended."""

    member: bool
    sequence: int
    due: int
    since: int
    reason: str


def test_fields_appended_by_a_newer_version_are_read_over_at_every_level() -> None:
    fields = list(msgspec.msgpack.decode(CODEC.encode(SAMPLES[1])[1:], strict=False))
    membership = Shopper.__struct_fields__.index("memberships")
    fields[membership] = {"loyal": Later(True, 3, 99, 7, "because")}
    value = bytes([FORMAT]) + msgspec.msgpack.encode([*fields, ["more"], 7])
    expected = msgspec.structs.replace(SAMPLES[1], memberships={"loyal": Membership(True, 3, 99, 7)})
    assert opened(CODEC.decode(value)) == opened(expected)
    assert CODEC.due(value) == SAMPLES[1].due


def test_a_record_that_lacks_fields_appended_since_gets_their_defaults() -> None:
    fields = msgspec.msgpack.decode(CODEC.encode(Shopper(now=5))[1:])
    assert CODEC.decode(bytes([FORMAT]) + msgspec.msgpack.encode(fields[:4])) == Shopper(now=5)


def test_an_older_version_reads_a_checkpoint_with_fields_it_does_not_know() -> None:
    body = msgspec.json.decode(encode_checkpoint(Checkpoint(next_offset=7)))
    assert decode_checkpoint(msgspec.json.encode(body | {"later": [1]})) == Checkpoint(next_offset=7)
    # and the other way round: a checkpoint of a version that did not count dead letters
    del body["letters"]
    assert decode_checkpoint(msgspec.json.encode(body)) == Checkpoint(next_offset=7)


def test_a_checkpoint_of_an_older_format_is_written_again_in_the_present_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = encode_checkpoint(Checkpoint(next_offset=7))
    monkeypatch.setattr("pipeline.runtime.checkpoint.CHECKPOINT_FORMAT", CHECKPOINT_FORMAT + 1)
    assert msgspec.json.decode(encode_checkpoint(decode_checkpoint(stored)))["format"] == CHECKPOINT_FORMAT + 1


def test_record_and_checkpoint_have_one_format() -> None:
    # A worker that restores from its own disk reads the checkpoint at once, and records only as they are touched.
    assert FORMAT == CHECKPOINT_FORMAT == Checkpoint().format == Shopper().format
