"""Reading: the calls of all inputs, through intake, in the order of their received time."""

import heapq
from collections.abc import Iterator, Sequence

from pipeline.domain.event import Event
from pipeline.domain.intake.envelope import original_of
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from pipeline.replay.source import Source, Value

# Received time (ms, as raised), what intake said, the input's name, the value it came from, its index in that value.
Reading = tuple[int, Event | Refusal, str, Value, int]


def readings(sources: Sequence[Source], intake: Intake) -> Iterator[Reading]:
    """All calls, lazily. Inputs are merged by received time, equal times in the order the inputs were given in.

    Within an input the order of lines stands, and received time is raised to the largest so far. A refusal has the
    received time of what came before it.
    """
    streams = [_of_source(source, intake) for source in sources]
    if len(streams) == 1:
        return streams[0]
    return heapq.merge(*streams, key=lambda reading: reading[0])


def _of_source(source: Source, intake: Intake) -> Iterator[Reading]:
    accept, name, latest = intake.accept, source.name, 0
    for value in source:
        for index, call in enumerate(accept(value[1], latest, from_field=True)):
            if type(call) is Event:
                if call.received < latest:
                    call.received = latest
                else:
                    latest = call.received
            yield latest, call, name, value, index


def whence(value: Value, index: int) -> tuple[int, int | None, bytes]:
    """Line, index in its batch (None: no batch) and original bytes of a call."""
    number, sent, original = value
    if original is not None:
        return number, None, original
    item, call = original_of(sent, index)
    return number, item, call
