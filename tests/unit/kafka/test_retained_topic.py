"""When calls of a retained clickstream were received."""

import json

import pytest

from pipeline.config.topology import parse
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.kafka.retained_topic import RetainedCalls
from tests.support.replaying import TOPOLOGY, call, ms

INTAKE = Intake(parse(TOPOLOGY, {}).plan())
BEFORE, STAMP, NOW = ms("2026-01-03T09:00:00Z"), ms("2026-01-03T10:00:00Z"), ms("2026-01-03T12:00:00Z")
FIELD = "2026-01-03T11:00:00Z"


def received(of: str, stamp: int, field: str = FIELD) -> tuple[int, int]:
    """(received, event time) of a call from an hour long ago."""
    value = json.dumps(call("kim", "Searched", field, receivedAt=field)).encode()
    (event,) = RetainedCalls(of, NOW).accept(INTAKE, (stamp, value, None), BEFORE)
    assert isinstance(event, Event)
    return event.received, event.time


@pytest.mark.parametrize("of", ["broker", "producer"])
def test_by_the_timestamp_of_the_record(of: str) -> None:
    assert received(of, STAMP) == (STAMP, STAMP)


def test_by_the_field(of: str = "field") -> None:
    assert received(of, STAMP) == (ms(FIELD), ms(FIELD))


def test_nothing_was_received_after_now() -> None:
    # a producer or a client whose clock is far ahead must not take the time of all others with it
    assert received("producer", NOW + 1) == (BEFORE, BEFORE)
    assert received("field", STAMP, "2027-01-01T00:00:00Z") == (BEFORE, BEFORE)


def test_a_deletion_is_a_refusal() -> None:
    (refusal,) = RetainedCalls("broker", NOW).accept(INTAKE, (STAMP, b"", None), BEFORE)
    assert not isinstance(refusal, Event)
