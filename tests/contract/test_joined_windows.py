"""A version of format 1 kept a window for each depth. This one keeps one window for all, and no shopper notices."""

import msgspec
import pytest

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.shopper import FORMAT, Shopper
from pipeline.runtime.checkpoint import decode_checkpoint, encode_checkpoint
from pipeline.runtime.ports import SHOPPER_EVENTS, Checkpoint, StateWrite, Sweep
from pipeline.runtime.shopper_settings import Settings
from tests.contract.records.write_format import FOLDER
from tests.contract.thresholds import MINUTE, TOPOLOGY, VIEWS, T, viewed
from tests.support.memory_broker import MemoryBroker
from tests.support.topology_driver import CODEC, Lane, decisions, send_progress, shopper_driver

STORED: dict[str, bytes] = msgspec.msgpack.decode((FOLDER / "thresholds-1.bin").read_bytes())
DAY = 86_400_000


def engine(topology: str = TOPOLOGY) -> Engine:
    return Engine(parse(topology, {}).plan())


def anew(one: Engine, shopper: str) -> Shopper:
    record = Shopper()
    for number in range(VIEWS[shopper]):
        event = viewed(shopper, number)
        one.decide(record, event, event.received)
    return record


def taken_over(driven_by: Engine) -> Lane:
    """A partition as the version before left it: its records, and a checkpoint whose sweep is done."""
    at = T + 10 * MINUTE
    checkpoint = Checkpoint(next_offset=0, sources={0: at}, first_progress=T, time=at)
    checkpoint.sweep = Sweep(driven_by.digest, T, b"zoe", 3, done=True)
    before = msgspec.json.decode(encode_checkpoint(checkpoint)) | {"format": 1}
    broker = MemoryBroker()
    lane = shopper_driver(broker, driven_by, Settings(1, None, sweep=2)).lanes[0]
    values = [(shopper.encode(), value) for shopper, value in STORED.items()]
    lane.state.write(StateWrite(values, len(values), decode_checkpoint(msgspec.json.encode(before))))
    lane.open()
    return lane


@pytest.mark.parametrize("shopper", VIEWS)
def test_windows_are_joined_and_nothing_is_decided(shopper: str) -> None:
    one, record, now = engine(), CODEC.decode(STORED[shopper]), T + 10 * MINUTE
    assert not one.on_due(record, shopper, now).decisions
    new = anew(one, shopper)
    one.on_due(new, shopper, now)
    assert {key: sorted(state) for key, state in record.windows.items()} == {
        key: sorted(state) for key, state in new.windows.items()
    }
    # and all that follows is the same, to the millisecond
    later = now + 40 * DAY
    followed, expected = one.on_due(record, shopper, later).decisions, one.on_due(new, shopper, later).decisions
    assert followed == expected
    assert len(expected) == {"ann": 0, "bob": 4, "cem": 5}[shopper]


def test_the_first_start_sweeps_every_record_once_and_tells_nothing() -> None:
    one = engine()
    lane = taken_over(one)
    swept = 0
    while lane.sweep():
        swept += 1
    assert swept
    assert {CODEC.plan(value) for _, value in lane.state.scan()} == {one.digest}
    assert {value[0] for _, value in lane.state.scan()} == {FORMAT}
    checkpoint = lane.processor.checkpoint
    assert (checkpoint.format, checkpoint.sweep) == (FORMAT, Sweep(one.digest, T, b"cem", 3, done=True))
    assert list(decisions(lane.driver.broker)) == []


def test_a_threshold_may_be_lowered_once_the_sweep_was_done() -> None:
    lane = taken_over(engine())
    while lane.sweep():
        pass
    stored = dict(lane.state.scan())
    lowered = engine(TOPOLOGY.replace("at_least: 5", "at_least: 4"))
    entered = {}
    for shopper in VIEWS:
        record = CODEC.decode(stored[shopper.encode()])
        outcome = lowered.on_due(record, shopper, T + DAY, T + DAY)
        entered[shopper] = [(one.fields["segment"], one.fields["change"]) for one in outcome.decisions]
    assert entered == {"ann": [], "bob": [("often", "entered")], "cem": []}


def test_an_event_that_comes_before_the_sweep_finds_its_window() -> None:
    one = engine()
    lane = taken_over(one)
    event = viewed("bob", 20)
    lane.driver.broker.append(SHOPPER_EVENTS, b"bob", msgspec.json.encode(event))
    send_progress(lane.driver.broker, 0, T + 30 * MINUTE)
    lane.driver.run()
    told = [(one["fields"]["segment"], one["fields"]["change"]) for one in decisions(lane.driver.broker)]
    assert told == [("often", "entered")]
