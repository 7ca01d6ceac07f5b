"""Logs: one line a record, as text or JSON, and nothing personal in them.

What keeps personal data out: extra fields are taken only if they are in FIELDS; texts of exceptions that quote the data
they choked on are left out; a test reads all our log calls and refuses those that name a shopper or a payload.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Literal, TextIO

import msgspec

Shape = Literal["text", "json"]

FIELDS = (
    "agent", "partition", "topic", "offset", "generation", "stage", "reason", "records", "decisions", "seconds", "left",
    "tries", "version",
)  # fmt: skip
"""The extra fields (`log.info(.., extra={"partition": 3})`) that reach the log; all others are dropped."""

_LONGEST = 2_000
_OURS = ("pipeline", "agents", "schemas")

# Their informational chatter names every fetch, and Faust prints a banner of settings.
_LEVELS = {
    "faust": logging.WARNING,
    "mode": logging.WARNING,
    "aiokafka": logging.WARNING,
    "asyncio": logging.WARNING,
    "librdkafka": logging.WARNING,
    "kafka": logging.WARNING,
    "httpx": logging.WARNING,
    "httpx2": logging.WARNING,
}

# A foreign exception of these kinds quotes the value it could not use.
_QUOTING = (ValueError, LookupError, TypeError, ArithmeticError, AssertionError, msgspec.MsgspecError)

_encode = msgspec.json.Encoder().encode


def configure(shape: Shape, agent: str = "", level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Log to `stream` (stderr) in one shape, other libraries' loggers included. Replaces all handlers.

    agent: stands in every line of an agent's process.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(agent) if shape == "json" else TextFormatter(agent))
    root = logging.getLogger()
    handler.addFilter(RepeatFilter())
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _LEVELS.items():
        logger = logging.getLogger(name)
        # Faust installs handlers of its own; without them its lines come here.
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(least, level))
    logging.captureWarnings(True)


def describe(error: BaseException) -> str:
    """An exception in one line that holds no data: its kind, and its text unless that may quote a record."""
    kind = type(error)
    ours = kind.__module__.partition(".")[0] in _OURS
    text = "" if isinstance(error, _QUOTING) and not ours else str(error)
    return f"{kind.__name__}: {text}" if text else kind.__name__


class RepeatFilter(logging.Filter):
    """Lets a library say the same thing once in QUIET seconds: while a broker is away, its client says so ten times a
    second. Our own lines all pass. The next line that passes tells how many did not."""

    QUIET = 30.0
    _KINDS = 500

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] in _OURS:
            return True
        kind = (record.name, str(record.msg))
        since, silenced = self._said.get(kind, (0.0, 0))
        if record.created - since < self.QUIET:
            self._said[kind] = (since, silenced + 1)
            return False
        if len(self._said) >= self._KINDS:
            self._said.clear()
        self._said[kind] = (record.created, 0)
        if silenced:
            record.msg, record.args = f"{record.getMessage()} (and {silenced} times more before)", ()
        return True


class _Formatter(logging.Formatter):
    def __init__(self, agent: str) -> None:
        super().__init__()
        self._agent = agent

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def formatException(self, ei: object) -> str:
        """Frames hold code, not values; of the texts only what `describe` lets through."""
        error = ei[1] if isinstance(ei, tuple) else None
        return "" if error is None else "\n".join(_trace(error))

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        found = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        return {"agent": self._agent, **found} if self._agent else found


class TextFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in self.fields(record).items())
        line = f"{self.formatTime(record)} {record.levelname:<8} {_message(record)}"
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        return "\n".join(filter(None, (f"{line}  [{fields}]" if fields else line, trace)))


class JsonFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        body: dict[str, object] = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **self.fields(record),
        }
        if record.exc_info:
            body["trace"] = self.formatException(record.exc_info)
        return _encode(body).decode()


def _message(record: logging.LogRecord) -> str:
    text = record.getMessage().replace("\n", " | ")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + ".."


def _trace(error: BaseException) -> list[str]:
    """The stack of an exception and of those that it came from, the first one first."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [] if before is None else [*_trace(before), "which led to:"]
    return [*lines, *(line.rstrip() for line in traceback.format_tb(error.__traceback__)), describe(error)]
