"""Time of a call: when it happened, by the client's clock as far as that can be corrected (wire-format.md, 3.3-3.4)."""

from datetime import UTC, datetime
from typing import Any

from pipeline.domain.instant import DAY, EPOCH, from_datetime, parse_instant
from pipeline.domain.intake.refusal import ABSURD_TIME, INVALID_TIME, RefusedCall

# Outside of these years a time is damage, not history.
EARLIEST = from_datetime(datetime(2000, 1, 1, tzinfo=UTC))
LATEST = from_datetime(datetime(2100, 1, 1, tzinfo=UTC))

NO_FLAGS: tuple[str, ...] = ()
NO_ZONE = "no_zone"
SKEW_FUTURE = "skew_future"


class Clock:
    """Event time and received time of calls, as (event time, received time, flags); times in ms, flags as in
    domain.event.Event. future_skew: ms that a client's clock may be ahead before that is flagged."""

    def __init__(self, future_skew: int) -> None:
        self._future_skew = future_skew

    def live(self, call: dict[str, Any], sent: Any, received: int) -> tuple[int, int, tuple[str, ...]]:
        """Times of a call that was received at `received`, whatever the call says. sent: its or its envelope's sentAt.

        Raises RefusedCall `invalid_time` or `absurd_time`.
        """
        flags: list[str] = []
        time = _happened(call, call.get("receivedAt"), sent, received, flags)
        return self._bounded(time, received, flags)

    def recorded(
        self, call: dict[str, Any], sent: Any, envelope_received: Any, otherwise: int
    ) -> tuple[int, int, tuple[str, ...]]:
        """Times of a call that tells itself when it was received: its own or its envelope's receivedAt. Without, its
        client time is its received time too; without any, `otherwise` (ms, 0 = unknown) is.

        Raises RefusedCall as `live`.
        """
        flags: list[str] = []
        own = call.get("receivedAt")
        if own is not None or envelope_received is not None:
            received = _instant(envelope_received if own is None else own, "receivedAt", flags)
            return self._bounded(_happened(call, own, sent, received, flags), received, flags)
        value = call.get("timestamp")
        if value is None:
            value = call.get("originalTimestamp")
            if value is None:
                value = sent
        if value is not None:
            time = _instant(value, "timestamp", flags)
        elif otherwise:
            time = otherwise
        else:
            raise RefusedCall(INVALID_TIME, "no receivedAt and no timestamp")
        if EARLIEST <= time < LATEST:
            return time, time, tuple(flags) if flags else NO_FLAGS
        return self._bounded(time, time, flags)

    def _bounded(self, time: int, received: int, flags: list[str]) -> tuple[int, int, tuple[str, ...]]:
        if not (EARLIEST <= time < LATEST and EARLIEST <= received < LATEST):
            raise RefusedCall(ABSURD_TIME, "outside of the years 2000 to 2100")
        if time > received:
            if time - received > self._future_skew:
                flags.append(SKEW_FUTURE)
            time = received
        return time, received, tuple(flags) if flags else NO_FLAGS


def _happened(call: dict[str, Any], corrected: Any, sent: Any, received: int, flags: list[str]) -> int:
    """Event time before it is bounded. corrected: the call's own receivedAt: a server has been here before.

    Rudder's clients (they send originalTimestamp) mean a timestamp as it stands; Segment's want it corrected.
    """
    timestamp = call.get("timestamp")
    original = call.get("originalTimestamp")
    if original is not None:
        if timestamp is not None:
            return _instant(timestamp, "timestamp", flags)
        return _since_sent(_instant(original, "originalTimestamp", flags), sent, received, flags)
    if timestamp is None:
        return received
    time = _instant(timestamp, "timestamp", flags)
    if corrected is not None or sent is None:
        return time
    return _since_sent(time, sent, received, flags)


def _since_sent(time: int, sent: Any, received: int, flags: list[str]) -> int:
    return time if sent is None else received - (_instant(sent, "sentAt", flags) - time)


def _instant(value: Any, field: str, flags: list[str]) -> int:
    if type(value) is str:
        if value[4:5] == "-":
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                moment = _tolerant(value, field)
            if moment.tzinfo is None:
                if NO_ZONE not in flags:
                    flags.append(NO_ZONE)
                moment = moment.replace(tzinfo=UTC)
            since = moment - EPOCH
            return since.days * DAY + since.seconds * 1000 + since.microseconds // 1000
        if not value.isascii():
            raise RefusedCall(INVALID_TIME, f"{field} is no time")
    instant = parse_instant(value)
    if instant is None:
        absurd = isinstance(value, (int, float)) and not isinstance(value, bool)
        raise RefusedCall(ABSURD_TIME if absurd else INVALID_TIME, f"{field} is no time")
    return instant


def _tolerant(text: str, field: str) -> datetime:
    """RFC 3339 allows small letters, and people leave blanks around."""
    try:
        return datetime.fromisoformat(text.strip().upper())
    except ValueError:
        raise RefusedCall(INVALID_TIME, f"{field} is no time") from None
