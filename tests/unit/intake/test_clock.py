"""Event time and received time."""

from typing import Any

import pytest

from tests.support.client_call import RECEIVED, event, ms, reason, track

AT = "2026-01-03T10:04:00.000Z"
SECOND = 1000


def times(received: int = RECEIVED, from_field: bool = False, **over: Any) -> tuple[int, int]:
    """(event time, received time) as seconds after RECEIVED."""
    said = event(track(**over), received=received, from_field=from_field)
    return (said.time - RECEIVED) // SECOND, (said.received - RECEIVED) // SECOND


@pytest.mark.parametrize(
    "over, time",
    [
        ({"timestamp": AT}, -60),
        ({"timestamp": ...}, 0),
        ({"timestamp": None, "sentAt": AT}, 0),
        # The client's clock is 3 h ahead; the call was sent 2 s after it happened.
        ({"timestamp": "2026-01-03T13:05:00Z", "sentAt": "2026-01-03T13:05:02Z"}, -2),
        # A year behind.
        ({"timestamp": "2025-01-03T10:05:00Z", "sentAt": "2025-01-03T10:05:07Z"}, -7),
        # Corrected by a server before: the timestamp is trusted.
        ({"timestamp": AT, "sentAt": "2026-01-03T13:00:00Z", "receivedAt": "2026-01-03T10:04:30Z"}, -60),
        # Rudder: originalTimestamp is the client's clock, an existing timestamp stands.
        ({"timestamp": ..., "originalTimestamp": AT}, -60),
        ({"timestamp": ..., "originalTimestamp": AT, "sentAt": "2026-01-03T10:04:09Z"}, -9),
        ({"timestamp": AT, "originalTimestamp": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:01Z"}, -60),
    ],
)
def test_event_time_of_a_live_call(over: dict[str, Any], time: int) -> None:
    assert times(**over) == (time, 0)


@pytest.mark.parametrize(
    "over, time, received",
    [
        ({"timestamp": AT}, -60, -60),
        ({"timestamp": AT, "sentAt": "2026-01-03T10:04:30Z"}, -60, -60),
        ({"timestamp": AT, "receivedAt": "2026-01-03T10:04:30Z"}, -60, -30),
        ({"timestamp": AT, "receivedAt": "2026-01-03T10:04:30Z", "sentAt": "2026-01-03T10:04:01Z"}, -60, -30),
        ({"timestamp": ..., "receivedAt": AT}, -60, -60),
        ({"timestamp": "2026-01-03T10:04:01Z", "receivedAt": AT}, -60, -60),
        ({"timestamp": ..., "originalTimestamp": AT, "sentAt": "2026-01-03T10:04:09Z"}, -60, -60),
        ({"timestamp": ..., "originalTimestamp": AT, "sentAt": "2026-01-03T10:04:09Z",
          "receivedAt": "2026-01-03T10:04:30Z"}, -39, -30),
        ({"timestamp": ..., "sentAt": AT}, -60, -60),
        ({"timestamp": ...}, 0, 0),
    ],
)  # fmt: skip
def test_times_of_a_recorded_call(over: dict[str, Any], time: int, received: int) -> None:
    assert times(from_field=True, **over) == (time, received)


def test_a_recorded_call_without_any_time_is_invalid_if_none_is_known() -> None:
    assert reason(track(timestamp=...), received=0, from_field=True) == "invalid_time"


@pytest.mark.parametrize(
    "text, instant",
    [
        ("2026-01-03T10:04:00Z", AT),
        ("2026-01-03T10:04:00.000+00:00", AT),
        ("2026-01-03t10:04:00z", AT),
        (" 2026-01-03T10:04:00Z ", AT),
        ("2026-01-03 11:04:00+01:00", AT),
        ("2026-01-03T10:03:59.9999Z", "2026-01-03T10:03:59.999Z"),
        (1767434640, AT),
        (1767434640.25, "2026-01-03T10:04:00.250Z"),
        (1767434640000, AT),
        ("1767434640", AT),
        ("1767434640000", AT),
    ],
)
def test_spellings_of_time(text: Any, instant: str) -> None:
    said = event(track(timestamp=text))
    assert said.time == ms(instant)
    assert said.flags == ()


@pytest.mark.parametrize("text", ["2026-01-03T10:04:00", "2026-01-03 10:04:00.000"])
def test_time_without_zone_is_utc_and_flagged(text: str) -> None:
    said = event(track(timestamp=text))
    assert (said.time, said.flags) == (ms(AT), ("no_zone",))


@pytest.mark.parametrize("field", ["timestamp", "originalTimestamp"])
@pytest.mark.parametrize(
    "value", ["", "soon", "2026-13-01T00:00:00Z", "2026-02-30", "Sat, 03 Jan 2026", "²³", True, [], {}, "1" * 30]
)
def test_invalid_times(field: str, value: Any) -> None:
    assert reason(track(**{"timestamp": ..., field: value})) == "invalid_time"


def test_an_invalid_sent_at_counts_where_it_is_needed() -> None:
    assert reason(track(sentAt="soon")) == "invalid_time"
    assert event(track(sentAt="soon", receivedAt=AT)).time == ms(AT)


@pytest.mark.parametrize(
    "value", ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", 1, -5, 10**15, 10**20, 1e300]
)
def test_absurd_times(value: Any) -> None:
    assert reason(track(timestamp=value)) == "absurd_time"
    assert reason(track(timestamp=value), from_field=True) == "absurd_time"
    assert reason(track(receivedAt=value), from_field=True) == "absurd_time"


def test_event_time_is_never_later_than_received() -> None:
    near = event(track(timestamp=RECEIVED + 300_000))
    far = event(track(timestamp=RECEIVED + 300_001))
    assert (near.time, near.flags) == (RECEIVED, ())
    assert (far.time, far.flags) == (RECEIVED, ("skew_future",))


def test_a_call_sent_before_it_happened_lies_in_the_future() -> None:
    said = event(track(timestamp="2026-01-03T10:14:00Z", sentAt="2026-01-03T10:04:00Z"))
    assert (said.time, said.flags) == (RECEIVED, ("skew_future",))


@pytest.mark.parametrize(
    "text", ["2026-01-03T10:00:00.%03dZ", "2026-01-03t10:00:00.%03dZ", "2026-01-03 10:00:00.%03dZ"]
)
def test_an_instant_of_a_second_met_before_is_read_as_the_first_one(text: str) -> None:
    # Given a second that was read in full
    assert event(track(timestamp=text % 7), received=RECEIVED).time == ms("2026-01-03T10:00:00.007Z")
    # Then others in it come out as they would alone
    for part in (0, 7, 70, 999):
        assert event(track(timestamp=text % part), received=RECEIVED).time == ms("2026-01-03T10:00:00.000Z") + part
    # And what is none is refused as before
    for wrong in ("00x", "1.2", " 12", "-12", "1_2", "\u0661\u0661\u0661"):
        assert reason(track(timestamp=text.replace("%03d", wrong))) == "invalid_time"
