"""The journey under a changed topology."""

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.decision import JOURNEY_CHANGES
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY

HEAD = "version: 1\nname: shop\n"
NOW = 1_767_434_400_000
JOURNEY = "journey: [{stage: new, when: {orders: {within: %s, exactly: 0}}}, {stage: buyer}]\n"


def page(at: int) -> Event:
    return Event(type="page", name="page", shopper="ann", time=at, received=at, message_id=f"m{at}")


def changes(engine: Engine, shopper: Shopper, at: int) -> list[tuple[object, ...]]:
    return [
        (one.fields["from"], one.fields["to"], one.fields["sequence"], one.cause_kind, one.silent)
        for one in engine.decide(shopper, page(at), at).decisions
        if one.topic == JOURNEY_CHANGES
    ]


def test_a_changed_journey_is_taken_over_silently_and_its_end_is_told_once() -> None:
    # given a shopper in a stage
    shopper, engine = Shopper(), Engine(parse(HEAD + JOURNEY % "1d", {}).plan())
    assert changes(engine, shopper, NOW) == [(None, "new", 1, "event", False)]
    # when the stage has another name: it is told as a change of the definition
    renamed = Engine(parse(HEAD + (JOURNEY % "1d").replace("new", "fresh"), {}).plan())
    assert changes(renamed, shopper, NOW + 1) == [("new", "fresh", 2, "definition_change", True)]
    # when there is no journey any more: once, and nothing is left to wake the shopper
    without = Engine(parse(HEAD, {}).plan())
    assert changes(without, shopper, NOW + 2) == [("fresh", None, 3, "definition_change", True)]
    assert changes(without, shopper, NOW + 3) == []
    assert shopper.due == 0
    # when it comes back: numbers go on, so that no id is used twice
    assert changes(engine, shopper, NOW + DAY) == [(None, "new", 4, "definition_change", True)]
