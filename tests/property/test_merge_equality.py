"""Shoppers whose ids meet, against plain code that puts two histories together feature by feature: carts and what is
left behind, points and tiers, consent, messages. AFTERCLICK_SEEDS sets how many seeds are tried."""

import os
from collections import Counter

import pytest

from tests.oracle.merges import disagreement, expect
from tests.oracle.random_merges import KINDS, merge_case
from tests.oracle.trial import UNTIL, report, zoned

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "120"))
# Few merges change a computed trait: the first seed of one that does.
OF_A_TRAIT = 222
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree_on_shoppers_who_become_one(seed: int) -> None:
    topology, events = merge_case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events, disagreement), pytrace=False)


def test_seeds_bring_all_that_may_become_of_an_id_and_merges_that_tell_of_every_feature() -> None:
    changes, told = Counter[str](), Counter[str]()
    for seed in (*range(4 * len(KINDS)), OF_A_TRAIT):
        topology, events = merge_case(seed)
        topics = expect(events, zoned(topology), UNTIL).topics
        changes.update(line["change"] for line in topics["identity-changes"])
        told.update(topic for topic, lines in topics.items() for one in lines if one["cause"]["kind"] == "merge")
    assert {"merged", "attached", "conflict", "refused"} <= changes.keys()
    features = {"segment-changes", "trait-changes", "journey-changes", "loyalty-points", "loyalty-tiers"}
    assert features | {"consent-changes"} <= told.keys()
