"""Reading: the calls of all inputs, through intake, in the order of their received time."""

import heapq
from collections.abc import Callable, Iterator, Sequence

from pipeline.domain.event import Event
from pipeline.domain.intake.answer import Answer
from pipeline.domain.intake.envelope import original_of
from pipeline.domain.intake.intake import Intake
from pipeline.replay.source import Source, Value

# Received time (ms, as raised), what intake said, the input's name, the value it came from, its index in that value.
Reading = tuple[int, Answer, str, Value, int]

# What intake makes of a value of an input, given the latest received time (ms) of that input so far.
Accept = Callable[[Intake, Value, int], list[Answer]]


def recorded(intake: Intake, value: Value, latest: int) -> list[Answer]:
    """Calls that tell themselves when they were received, as those in files do."""
    return intake.accept(value[1], latest, from_field=True)


def readings(sources: Sequence[Source], intake: Intake, accept: Accept = recorded) -> Iterator[Reading]:
    """All calls, lazily. Inputs are merged by received time, equal times in the order the inputs were given in.

    Within an input the order of lines stands, and received time is raised to the largest so far. A refusal has the
    received time of what came before it.
    """
    streams = [_of_source(source, intake, accept) for source in sources]
    if len(streams) == 1:
        return streams[0]
    return heapq.merge(*streams, key=lambda reading: reading[0])


def _of_source(source: Source, intake: Intake, accept: Accept) -> Iterator[Reading]:
    name, latest = source.name, 0
    for value in source:
        for index, call in enumerate(accept(intake, value, latest)):
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
