"""The numbered road of a batch: contiguity, failures at each step, and closing on any doubt."""

import msgspec
import pytest

from pipeline.domain.event import Event
from pipeline.runtime.checkpoint import CHECKPOINT_KEY, decode_checkpoint
from pipeline.runtime.partition import STEPS, Discontinuity, ProcessorClosed, SourceWentBack
from pipeline.runtime.ports import SHOPPER_EVENTS, Batch, Fenced, OutboxError, Uncertain
from pipeline.runtime.shopper_settings import Settings
from tests.support.fake_engine import FakeEngine
from tests.support.memory_broker import MemoryBroker, MemoryOutbox
from tests.support.topology_driver import CODEC, FlakyState, Lane, decisions, shopper_driver

T = 1_767_434_400_000


@pytest.fixture
def broker() -> MemoryBroker:
    broker = MemoryBroker()
    for number in range(6):
        event = Event("track", "X", f"u{number % 2}", T + number, T + number, f"m{number}")
        broker.append(SHOPPER_EVENTS, event.shopper.encode(), msgspec.json.encode(event))
    return broker


@pytest.fixture
def lane(broker: MemoryBroker) -> Lane:
    return shopper_driver(broker, FakeEngine(), Settings(sources=1, stall=None)).lanes[0]


def batch(broker: MemoryBroker, begin: int, end: int, follows: int | None = None) -> Batch:
    records = broker.read(SHOPPER_EVENTS, 0, begin, end - begin)
    return Batch(SHOPPER_EVENTS, 0, begin - 1 if follows is None else follows, records)


def seen(broker: MemoryBroker) -> list[str]:
    return [one["message_id"] for one in decisions(broker)]


def test_the_steps_are_taken_in_order(broker: MemoryBroker, lane: Lane) -> None:
    met: list[str] = []
    lane.at = met.append
    lane.processor.process(batch(broker, 0, 2))
    assert met == [f"{side} {step}" for step in STEPS for side in ("before", "after")]


def test_the_checkpoint_is_the_last_record_of_the_batch_in_the_changelog(broker: MemoryBroker, lane: Lane) -> None:
    lane.processor.process(batch(broker, 0, 3))
    records = broker.all("shopper-changelog")
    assert [record.key for record in records] == [CHECKPOINT_KEY, b"u0", b"u1", CHECKPOINT_KEY]
    assert decode_checkpoint(records[-1].value or b"") == lane.state.checkpoint() == lane.processor.checkpoint
    assert lane.state.changelog_offset() == records[-1].offset
    assert lane.processor.next_offset == 3


def test_a_partition_begins_where_it_was_told_and_keeps_it(broker: MemoryBroker, lane: Lane) -> None:
    lane.processor.start(4)
    assert lane.processor.next_offset == 0
    assert decode_checkpoint(broker.all("shopper-changelog")[0].value or b"").next_offset == 0


@pytest.mark.parametrize(("begin", "follows"), [(3, None), (2, 0), (0, None), (4, 3)])
def test_a_batch_that_does_not_follow_is_refused(broker: MemoryBroker, lane: Lane, begin: int, follows: int) -> None:
    lane.processor.process(batch(broker, 0, 2))
    with pytest.raises(Discontinuity) as refused:
        lane.processor.process(batch(broker, begin, 6, follows))
    assert refused.value.next_offset == 2
    assert seen(broker) == ["m0", "m1"]
    lane.processor.process(batch(broker, 2, 6))
    assert seen(broker) == ["m0", "m1", "m2", "m3", "m4", "m5"]


def test_gaps_that_transactions_leave_are_no_discontinuity(broker: MemoryBroker, lane: Lane) -> None:
    broker.ends[(SHOPPER_EVENTS, 0)] += 5
    event = Event("track", "X", "u9", T, T, "m9")
    broker.append(SHOPPER_EVENTS, b"u9", msgspec.json.encode(event))
    lane.processor.process(batch(broker, 0, 6))
    lane.processor.process(batch(broker, 6, 99, follows=5))
    assert (seen(broker)[-1], lane.processor.next_offset) == ("m9", 12)


@pytest.mark.parametrize("call", ["begin", "produce", "commit"])
def test_a_transaction_that_did_not_happen_leaves_everything_and_may_be_tried_again(
    broker: MemoryBroker, lane: Lane, call: str
) -> None:
    lane.processor.process(batch(broker, 0, 2))
    before = lane.driver.state(), lane.processor.checkpoint

    def trouble(now: str) -> None:
        if now == call:
            raise OutboxError("broker is away")

    lane.trouble = trouble
    second = batch(broker, 2, 6)
    for _ in range(3):
        with pytest.raises(OutboxError):
            lane.processor.process(second)
        assert (lane.driver.state(), lane.processor.checkpoint) == before
    lane.trouble = lambda now: None
    assert lane.processor.process(second).finished
    assert seen(broker) == ["m0", "m1", "m2", "m3", "m4", "m5"]
    assert [CODEC.decode(value).sessions for value in lane.driver.state().values()] == [3, 3]
    assert lane.processor.next_offset == 6


def test_a_fenced_processor_is_closed_for_good(broker: MemoryBroker, lane: Lane) -> None:
    MemoryOutbox(broker, "shopper-0", "shopper-changelog")
    with pytest.raises(Fenced):
        lane.processor.process(batch(broker, 0, 2))
    process, catch_up, idle = lane.processor.process, lane.processor.catch_up, lane.processor.idle
    for call in (lambda: process(batch(broker, 0, 2)), catch_up, lambda: idle(T)):
        with pytest.raises(ProcessorClosed, match="another worker owns"):
            call()
    assert (seen(broker), lane.driver.state()) == ([], {})


@pytest.mark.parametrize("happened", [True, False])
def test_after_a_commit_of_unknown_outcome_only_the_changelog_tells(
    broker: MemoryBroker, lane: Lane, happened: bool
) -> None:
    def trouble(now: str) -> None:
        if now == "commit":
            raise Uncertain("no answer")

    if happened:
        lane.outbox.lost = True
    else:
        lane.trouble = trouble
    with pytest.raises(Uncertain):
        lane.processor.process(batch(broker, 0, 2))
    assert lane.driver.state() == {}
    with pytest.raises(ProcessorClosed, match="fence and restore"):
        lane.processor.process(batch(broker, 0, 2))
    lane.trouble = lambda now: None
    lane.open()
    assert lane.processor.next_offset == (2 if happened else 0)
    lane.driver.run()
    assert seen(broker) == ["m0", "m1", "m2", "m3", "m4", "m5"]


def test_a_store_that_cannot_be_written_closes_and_comes_back_from_the_changelog(
    broker: MemoryBroker, lane: Lane
) -> None:
    store = FlakyState(lane.state)
    lane.state = store  # type: ignore[assignment]
    lane.open()
    store.broken = True
    with pytest.raises(OSError, match="disk full"):
        lane.processor.process(batch(broker, 0, 2))
    with pytest.raises(ProcessorClosed, match="reopen and restore"):
        lane.processor.process(batch(broker, 2, 4))
    store.broken = False
    lane.open()
    assert lane.processor.next_offset == 2
    lane.driver.run()
    assert seen(broker) == ["m0", "m1", "m2", "m3", "m4", "m5"]


def test_a_transaction_that_cannot_be_aborted_closes(broker: MemoryBroker, lane: Lane) -> None:
    def trouble(now: str) -> None:
        if now in ("produce", "abort"):
            raise OutboxError("broker is away")

    lane.trouble = trouble
    with pytest.raises(OutboxError):
        lane.processor.process(batch(broker, 0, 2))
    assert "fence and restore" in lane.processor.closed


def test_a_closed_processor_says_who_closed_it(broker: MemoryBroker, lane: Lane) -> None:
    lane.processor.close()
    lane.processor.close()
    with pytest.raises(ProcessorClosed, match=r"shopper-events\[0\]: closed by its owner"):
        lane.processor.process(batch(broker, 0, 2))


def test_nothing_to_do_makes_no_transaction(broker: MemoryBroker, lane: Lane) -> None:
    before = len(broker.all("shopper-changelog"))
    assert lane.processor.catch_up().finished
    assert lane.processor.idle(T).next_offset == 0
    assert lane.processor.process(Batch(SHOPPER_EVENTS, 0, -1, [])).finished
    assert len(broker.all("shopper-changelog")) == before


def test_a_source_that_begins_anew_is_never_taken_for_the_old_one(broker: MemoryBroker, lane: Lane) -> None:
    # given a topic deleted and made anew: the consumer is reset to its begin, and the link of its batches still fits
    lane.processor.process(batch(broker, 0, 4))
    with pytest.raises(SourceWentBack, match="begins anew at offset 0, all before 4 was taken"):
        lane.processor.process(batch(broker, 0, 2, follows=3))
    assert lane.processor.next_offset == 4
