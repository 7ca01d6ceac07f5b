"""Too many dead letters stop a partition; neither batches nor restarts change when."""

import json
import random
from typing import Any

import msgspec
import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.runtime.dead_letter_limit import UNLIMITED, DeadLetterLimit, TooManyDeadLetters
from pipeline.runtime.intake_fold import IntakeFold, IntakeSettings
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS, LetterCount
from pipeline.runtime.shopper_settings import Settings
from tests.support.fake_engine import FakeEngine
from tests.support.memory_broker import MemoryBroker
from tests.support.topology_driver import AgentDriver, send_progress, shopper_driver

LIMIT = DeadLetterLimit(ratio=0.1, among=100, row=8)
T = 1_767_434_400_000


def test_a_row_of_dead_letters_is_too_many_and_one_good_record_breaks_it() -> None:
    assert LIMIT.count(LetterCount(), range(7), 7) == LetterCount(7, 7, 7)
    assert LIMIT.count(LetterCount(7, 7, 7), [0], 1) is None
    assert LIMIT.count(LetterCount(7, 7, 7), [1], 2) == LetterCount(1, 8, 9)
    assert LIMIT.count(LetterCount(7, 7, 7), [], 3) == LetterCount(0, 7, 10)


def test_a_share_above_the_ratio_is_too_many_and_a_new_stretch_begins_anew() -> None:
    every_ninth = range(0, 99, 9)
    assert LIMIT.count(LetterCount(), every_ninth[:10], 99) == LetterCount(0, 10, 99)
    assert LIMIT.count(LetterCount(), every_ninth, 99) is None
    assert LIMIT.count(LetterCount(0, 10, 99), [1], 2) == LetterCount(1, 1, 1)
    assert LIMIT.count(LetterCount(), [], 250) == LetterCount(0, 0, 50)


def test_without_a_limit_nothing_is_counted() -> None:
    assert UNLIMITED.count(LetterCount(), range(5_000), 5_000) == LetterCount()


@pytest.mark.parametrize("seed", range(50))
def test_how_records_are_cut_into_batches_changes_nothing(seed: int) -> None:
    draw = random.Random(seed)
    dead = [draw.random() < draw.choice([0.02, 0.09, 0.12]) for _ in range(1_000)]
    verdicts = []
    for size in (1, 7, 1_000, 0):
        count: LetterCount | None = LetterCount()
        at = 0
        while at < len(dead) and count is not None:
            part = dead[at : at + (size or draw.randint(1, 40))]
            at += len(part)
            count = LIMIT.count(count, [index for index, bad in enumerate(part) if bad], len(part))
        verdicts.append(count)
    assert verdicts.count(verdicts[0]) == 4


class Clickstream:
    """Intake over a clickstream with bad records."""

    def __init__(self, sizes: int) -> None:
        self.broker = MemoryBroker({SHOPPER_EVENTS: 1})
        fold = IntakeFold(Intake(Plan(name="shop", digest="00000001")), IntakeSettings(1, letters=LIMIT))
        self.driver = AgentDriver(self.broker, "intake", "clickstream", lambda state: fold, lambda: sizes)

    def send(self, good: int, bad: int) -> None:
        call: dict[str, Any] = {"type": "track", "event": "X", "userId": "ann"}
        for value in [json.dumps(call).encode()] * good + [b"{not json"] * bad:
            self.broker.append("clickstream", b"ann", value, timestamp=T)


@pytest.mark.parametrize("sizes", [1, 5, 1_000])
def test_a_topic_full_of_rubbish_is_not_emptied_into_the_dead_letters(sizes: int) -> None:
    shop = Clickstream(sizes)
    shop.send(good=20, bad=300)
    with pytest.raises(TooManyDeadLetters, match=r"most often undecodable.*AFTERCLICK_DEAD_LETTER_RATIO"):
        shop.driver.run()
    assert len(shop.broker.all(DEAD_LETTERS)) < LIMIT.row
    # and neither is it by starting again and again
    lane = shop.driver.lanes[0]
    for wipe in (False, True, False):
        before = lane.processor.next_offset
        lane.open(wipe)
        with pytest.raises(TooManyDeadLetters):
            shop.driver.run()
        assert lane.processor.next_offset == before
    assert len(shop.broker.all(DEAD_LETTERS)) < LIMIT.row


def test_the_shopper_agent_counts_what_it_cannot_read_and_not_what_came_late() -> None:
    broker = MemoryBroker()
    driver = shopper_driver(broker, FakeEngine(), Settings(sources=1, stall=None, letters=LIMIT))
    for number in range(60):
        late = Event("track", "late", "ann", T, T, f"m{number}")
        broker.append(SHOPPER_EVENTS, b"ann", msgspec.json.encode(late))
    driver.run()
    assert len(broker.all(DEAD_LETTERS)) == 60
    # progress between bad records is no good record
    for number in range(LIMIT.row):
        broker.append(SHOPPER_EVENTS, b"ann", b"rubbish")
        send_progress(broker, 0, T + number)
    with pytest.raises(TooManyDeadLetters):
        driver.run()
