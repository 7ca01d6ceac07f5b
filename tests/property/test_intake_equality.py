"""What is taken, left out and read of contexts, against the naive oracle: every line of every output. AFTERCLICK_SEEDS
sets how many seeds are tried."""

import json
import os
from collections import Counter

import pytest

from pipeline.config.topology import parse
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.omission import Omission
from tests.oracle.engine_run import topology_text
from tests.oracle.random_intake import case
from tests.oracle.trial import disagreement, report

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "120"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree_on_what_is_taken(seed: int) -> None:
    topology, events = case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)


def test_something_is_left_out_for_every_reason() -> None:
    reasons: Counter[str] = Counter()
    for seed in range(40):
        topology, events = case(seed)
        intake = Intake(parse(topology_text(topology), {}).plan())
        answers = [one for event in events for one in intake.accept(json.dumps(event).encode(), 0, from_field=True)]
        reasons.update(one.reason for one in answers if isinstance(one, Omission))
        reasons.update(flag for one in answers if not isinstance(one, Omission) for flag in getattr(one, "flags", ()))
    assert {"bot", "do_not_track", "no_consent", "not_sampled"} <= reasons.keys()


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS // 6))
def test_intake_says_the_same_whatever_it_was_asked_before(seed: int) -> None:
    topology, events = case(seed)
    plan = parse(topology_text(topology), {}).plan()
    asked, values = Intake(plan), [json.dumps(event).encode() for event in events]
    said = [asked.accept(value, 0, from_field=True) for value in values]
    assert said == [Intake(plan).accept(value, 0, from_field=True) for value in reversed(values)][::-1]
