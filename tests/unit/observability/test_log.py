"""Logs: readable by people and machines, and nothing personal in them."""

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.observability.log import RepeatFilter, configure, describe
from schemas.contract import ContractError

REPOSITORY = Path(__file__).parents[3]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}

# What a log call must not name: whatever holds a shopper or a payload.
PERSONAL = {
    "shopper", "shopper_id", "key", "value", "event", "events", "properties", "traits", "message_id", "user_id",
    "anonymous_id", "body", "payload", "raw", "original", "decision", "headers", "password", "secret",
}  # fmt: skip


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


def test_text_is_one_line_with_fields(stream: io.StringIO) -> None:
    configure("text", "shopper", stream=stream)
    logging.getLogger("pipeline.kafka.lane").info("restored in %.1f s", 2.5, extra={"partition": 3, "records": 10})
    line = stream.getvalue()
    assert line[10] == "T"
    assert line.endswith(" INFO     restored in 2.5 s  [agent=shopper partition=3 records=10]\n")


def test_json_is_one_object_a_line(stream: io.StringIO) -> None:
    configure("json", "intake", stream=stream)
    logging.getLogger("pipeline.app").warning("two\nlines", extra={"partition": 3})
    body = json.loads(stream.getvalue())
    assert body.pop("time").endswith("Z")
    assert body == {
        "level": "warning",
        "logger": "pipeline.app",
        "message": "two | lines",
        "agent": "intake",
        "partition": 3,
    }


@pytest.mark.parametrize("shape", ["text", "json"])
def test_a_field_that_is_not_allowed_is_dropped(stream: io.StringIO, shape: Any) -> None:
    configure(shape, stream=stream)
    logging.getLogger("pipeline.x").info("seen", extra={"shopper": "shopper-4711", "properties": {"a": 1}})
    assert "4711" not in stream.getvalue()
    assert "properties" not in stream.getvalue()


@pytest.mark.parametrize("shape", ["text", "json"])
def test_a_traceback_holds_frames_but_no_data(stream: io.StringIO, shape: Any) -> None:
    configure(shape, stream=stream)
    shopper = "shopper-" + str(4000 + 711)
    try:
        try:
            int(shopper)
        except ValueError as error:
            raise KeyError(shopper) from error
    except KeyError:
        logging.getLogger("pipeline.x").exception("failed")
    told = stream.getvalue()
    assert "4711" not in told
    assert "test_a_traceback_holds_frames_but_no_data" in told
    assert "ValueError" in told
    assert "KeyError" in told


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("could not convert 'shopper-4711'"), "ValueError"),
        (KeyError("shopper-4711"), "KeyError"),
        (UnicodeDecodeError("utf-8", b"4711", 0, 1, "bad"), "UnicodeDecodeError"),
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (RuntimeError("store closed"), "RuntimeError: store closed"),
        (ContractError("segment.entered: missing fields"), "ContractError: segment.entered: missing fields"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_exception_is_described_without_what_it_quotes(error: Exception, line: str) -> None:
    assert describe(error) == line


def test_chatty_libraries_are_tamed(stream: io.StringIO) -> None:
    configure("text", stream=stream)
    logging.getLogger("faust").handlers.append(logging.NullHandler())
    configure("text", stream=stream)
    assert logging.getLogger("faust").handlers == []
    for name in ("faust.worker", "aiokafka.consumer.fetcher", "mode.services", "librdkafka"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("%s warns", name)
    told = stream.getvalue()
    assert "chatter" not in told
    assert told.count("warns") == 4


def test_long_lines_are_cut(stream: io.StringIO) -> None:
    configure("text", stream=stream)
    logging.getLogger("aiokafka").error("x" * 100_000)
    assert len(stream.getvalue()) < 2_100


def log_calls() -> Iterator[tuple[str, ast.Call]]:
    for package in ("pipeline", "agents", "schemas"):
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
                    owner = node.func.value
                    name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                    if name in ("log", "logger", "logging", "_log"):
                        yield f"{path.relative_to(REPOSITORY)}:{node.lineno}", node


def test_no_log_call_names_a_shopper_or_a_payload() -> None:
    calls = list(log_calls())
    assert calls, "found no log calls to look at"
    found = []
    for place, call in calls:
        assert call.args, place
        assert not isinstance(call.args[0], ast.JoinedStr), f"{place}: give arguments, not an f-string"
        for argument in (*call.args[1:], *(keyword.value for keyword in call.keywords)):
            for node in ast.walk(argument):
                name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)
                text = node.value if isinstance(node, ast.Constant) else None
                if name in PERSONAL or text in PERSONAL:
                    found.append(f"{place}: {name or text}")
    assert found == []


def test_a_library_that_repeats_itself_is_heard_once_in_a_while_and_counted() -> None:
    repeats = RepeatFilter()

    def said(name: str, at: float) -> str | None:
        record = logging.LogRecord(name, logging.ERROR, "", 0, "no connection to %s", ("b1",), None)
        record.created = at
        return record.getMessage() if repeats.filter(record) else None

    assert said("aiokafka.conn", 100.0) == "no connection to b1"
    assert [said("aiokafka.conn", 100.0 + tenth / 10) for tenth in range(1, 20)] == [None] * 19
    assert said("aiokafka.conn", 131.0) == "no connection to b1 (and 19 times more before)"
    assert [said("pipeline.kafka.lane", 100.0) for _ in range(3)] == ["no connection to b1"] * 3
