"""Records that end, against the naive oracle: what was before counts for nothing, and is told of no more.

AFTERCLICK_SEEDS sets how many seeds are tried.
"""

import os

import pytest

from tests.oracle.endings import may_end
from tests.oracle.engine_run import run
from tests.oracle.random_endings import endings_case
from tests.oracle.trial import UNTIL, disagreement, report

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "150"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree_on_lives(seed: int) -> None:
    topology, events = endings_case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS, 5))
def test_nothing_names_an_erased_shopper_who_may_not_come_back(seed: int) -> None:
    topology, events = endings_case(seed)
    assert may_end(topology)
    topology = {**topology, "erasure": {"pepper": "salt"}}
    verdict = run(events, topology, UNTIL)
    erased: dict[str, str] = {}
    for event in events:
        shopper = event.get("userId") or event.get("anonymousId")
        if event.get("event") == "Shopper Erased" and shopper and str(shopper) not in erased:
            erased[str(shopper)] = event["receivedAt"]
    for lines in verdict.topics.values():
        for line in lines:
            assert line["effective_at"] <= erased.get(line["shopper"], "9")
    assert not erased.keys() & verdict.profiles.keys()
    assert len(verdict.topics["erasures"]) >= len(erased)
