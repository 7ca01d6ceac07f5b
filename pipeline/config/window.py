"""Windows: which part of a shopper's past a condition or a computed trait looks at."""

from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from pipeline.config.duration import DURATION_SCHEMA, format_duration, parse_duration
from pipeline.config.entry import Reading
from pipeline.config.problem import nearest
from pipeline.config.selection import ANY_EVENT, EVENT_SCHEMA, named_events
from pipeline.domain.intake.alias import Aliases
from pipeline.domain.window_definition import UNITS, Calendar, Since, Within

_FORMS = "a duration as 30d, {calendar: month} or {since: Order Completed}"


def _window(value: Any, info: ValidationInfo) -> Within:
    if not isinstance(value, dict):
        within = parse_duration(value)
        if within == 0:
            raise ValueError("a window should be longer than 0s")
        return within
    if len(value) != 1 or not value.keys() <= {"calendar", "since"}:
        raise ValueError(f"should be {_FORMS}")
    ((form, given),) = value.items()
    return _calendar(given) if form == "calendar" else _since(given, info)


def _calendar(given: Any) -> Calendar:
    if given not in UNITS:
        meant = nearest(str(given), UNITS)
        hint = f", did you mean {meant}?" if meant else ""
        raise ValueError(f"a calendar window is of a {', '.join(UNITS[:-1])} or {UNITS[-1]}, not {given!r}{hint}")
    return Calendar(str(given))


def _since(given: Any, info: ValidationInfo) -> Since:
    events = named_events(given)
    if ANY_EVENT in events:
        raise ValueError("nothing is later than the latest event of any kind, name the events since which it counts")
    standard = Aliases(info.context.aliases if isinstance(info.context, Reading) else {})
    for name in events:
        if standard[name] != name:
            raise ValueError(f"rules see standard names: {name} is an alias of {standard[name]}, name that")
    return Since(events)


def window_words(within: Within) -> str:
    """A window as part of a sentence: `in 30d`, `in the calendar month`, `since the latest Order Completed`."""
    match within:
        case None:
            return ""
        case Calendar(unit):
            return f"in the calendar {unit}"
        case Since(events):
            return f"since the latest {' or '.join(events)}"
    return f"in {format_duration(within)}"


def _mapping(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": False}


Window = Annotated[
    Within,
    PlainValidator(_window),
    WithJsonSchema(
        {
            "anyOf": [
                DURATION_SCHEMA,
                _mapping("calendar", {"enum": list(UNITS)}),
                _mapping("since", EVENT_SCHEMA),
            ],
            "title": "window",
        }
    ),
]
