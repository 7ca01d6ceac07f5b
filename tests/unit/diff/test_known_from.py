"""From when on a segment knows the events that it rests on."""

from pipeline.config.topology import parse
from pipeline.diff.completeness import known_from
from pipeline.domain.graft import pieces_for
from pipeline.domain.segments.condition import Conditions

HOUR = 3_600_000
AT = 1_767_225_600_000
PLAN = parse(
    """\
version: 1
name: shop
segments:
  recent: {when: {count: {of: Searched, at_least: 2, within: 1h}}}
  ever: {when: {count: {of: Searched, at_least: 2}}}
  both: {when: {all: [{in: recent}, {in: ever}]}}
  buyers: {when: {orders: {at_least: 1}}}
""",
    {},
).plan()


def pieces(segment: str) -> frozenset[int]:
    when = next(one.when for one in PLAN.segments if one.name == segment)
    return pieces_for(Conditions.compiled(PLAN, (when,), ()))


def test_a_window_knows_all_once_it_has_passed_a_lifetime_never() -> None:
    known = dict.fromkeys(pieces("recent") | pieces("ever"), AT)
    for segment, soon, later in (("recent", AT, 0), ("ever", AT, AT), ("both", AT, AT), ("buyers", 0, 0)):
        assert known_from(PLAN, segment, known, AT + HOUR - 1) == soon, segment
        assert known_from(PLAN, segment, known, AT + HOUR) == later, segment


def test_what_lacks_nothing_knows_all() -> None:
    assert known_from(PLAN, "ever", dict.fromkeys(pieces("recent"), AT), AT) == 0
