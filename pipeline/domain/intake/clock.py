"""Time of a call: when it happened, by the client's clock as far as that can be corrected (wire-format.md, 3.3-3.4)."""

from datetime import UTC, datetime
from typing import Any

from pipeline.domain.intake.refusal import ABSURD_TIME, INVALID_TIME, RefusedCall
from pipeline.domain.value.instant import DAY, EPOCH, from_datetime, parse_instant

# Outside of these years a time is damage, not history.
EARLIEST = from_datetime(datetime(2000, 1, 1, tzinfo=UTC))
LATEST = from_datetime(datetime(2100, 1, 1, tzinfo=UTC))

NO_FLAGS: tuple[str, ...] = ()
NO_ZONE = "no_zone"
SKEW_FUTURE = "skew_future"


# Calls of one second come together, and most clients write `2026-01-03T10:00:00.000Z`: ms by all that stands before the
# milliseconds, as once read in full, and of the three digits behind.
_SECONDS: dict[str, int] = {}
_MILLIS = {f"{ms:03}": ms for ms in range(1_000)}
_REMEMBERED = 4_096


class Clock:
    """Event time and received time of calls, as (event time, received time, flags); times in ms, flags as in
    domain.event.Event. future_skew: ms that a client's clock may be ahead before that is flagged."""

    def __init__(self, future_skew: int) -> None:
        self._future_skew = future_skew

    def live(
        self, received: int, timestamp: Any, original: Any, sent: Any, forwarded: Any
    ) -> tuple[int, int, tuple[str, ...]]:
        """Times of a call that was received at `received`, whatever the call says.

        timestamp, original, sent, forwarded: its timestamp, originalTimestamp, sentAt and receivedAt, None if absent.
        Raises RefusedCall `invalid_time` or `absurd_time`.
        """
        flags: list[str] = []
        if timestamp is None and original is None:
            time = received
        else:
            time = _happened(received, timestamp, original, sent, forwarded, flags)
        return self._bounded(time, received, flags)

    def recorded(
        self, otherwise: int, timestamp: Any, original: Any, sent: Any, forwarded: Any, envelope: Any
    ) -> tuple[int, int, tuple[str, ...]]:
        """Times of a call that tells itself when it was received: its own receivedAt (forwarded) or its envelope's.
        Without, its client time is its received time too; without any, `otherwise` (ms, 0 = unknown) is.

        Raises RefusedCall as `live`.
        """
        flags: list[str] = []
        if forwarded is not None or envelope is not None:
            received = _instant(envelope if forwarded is None else forwarded, "receivedAt", flags)
            if (timestamp is None and original is None) or timestamp == forwarded:
                time = received
            else:
                time = _happened(received, timestamp, original, sent, forwarded, flags)
            return self._bounded(time, received, flags)
        client = original if timestamp is None else timestamp
        if client is None:
            client = sent
        if client is not None:
            time = _instant(client, "timestamp", flags)
        elif otherwise:
            time = otherwise
        else:
            raise RefusedCall(INVALID_TIME, "no receivedAt and no timestamp")
        return self._bounded(time, time, flags)

    def _bounded(self, time: int, received: int, flags: list[str]) -> tuple[int, int, tuple[str, ...]]:
        if not (EARLIEST <= time < LATEST and EARLIEST <= received < LATEST):
            raise RefusedCall(ABSURD_TIME, "outside of the years 2000 to 2100")
        if time > received:
            if time - received > self._future_skew:
                flags.append(SKEW_FUTURE)
            time = received
        return time, received, tuple(flags) if flags else NO_FLAGS


def _happened(received: int, timestamp: Any, original: Any, sent: Any, forwarded: Any, flags: list[str]) -> int:
    """Event time before it is bounded.

    Rudder's clients (they send originalTimestamp) mean a timestamp as it stands; Segment's want it corrected, unless a
    server has been there before (forwarded).
    """
    if original is not None:
        if timestamp is not None:
            return _instant(timestamp, "timestamp", flags)
        return _since_sent(_instant(original, "originalTimestamp", flags), sent, received, flags)
    time = _instant(timestamp, "timestamp", flags)
    if forwarded is not None or sent is None:
        return time
    return _since_sent(time, sent, received, flags)


def _since_sent(time: int, sent: Any, received: int, flags: list[str]) -> int:
    """`time` by the receiver's clock: what passed from it until sending, before the call was received."""
    return time if sent is None else received - (_instant(sent, "sentAt", flags) - time)


def _instant(value: Any, field: str, flags: list[str]) -> int:
    if type(value) is str:
        common = value[-1:] == "Z" and len(value) == 24
        if common:
            second, ms = _SECONDS.get(value[:20]), _MILLIS.get(value[20:23])
            if second is not None and ms is not None:
                return second + ms
        if value[4:5] == "-":
            instant = _read(value, field, flags)
            if common and value[19] == "." and value[20:23] in _MILLIS:
                if len(_SECONDS) >= _REMEMBERED:
                    _SECONDS.clear()
                _SECONDS[value[:20]] = instant - _MILLIS[value[20:23]]
            return instant
        if not value.isascii():
            raise RefusedCall(INVALID_TIME, f"{field} is no time")
    number = parse_instant(value)
    if number is None:
        absurd = isinstance(value, (int, float)) and not isinstance(value, bool)
        raise RefusedCall(ABSURD_TIME if absurd else INVALID_TIME, f"{field} is no time")
    return number


def _read(text: str, field: str, flags: list[str]) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _tolerant(text, field)
    if moment.tzinfo is None:
        if NO_ZONE not in flags:
            flags.append(NO_ZONE)
        moment = moment.replace(tzinfo=UTC)
    since = moment - EPOCH
    return since.days * DAY + since.seconds * 1000 + since.microseconds // 1000


def _tolerant(text: str, field: str) -> datetime:
    """RFC 3339 allows small letters, and people leave blanks around."""
    try:
        return datetime.fromisoformat(text.strip().upper())
    except ValueError:
        raise RefusedCall(INVALID_TIME, f"{field} is no time") from None
