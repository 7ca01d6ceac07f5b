"""Whoever makes all identify calls in their order has exactly the memberships, the stage and the computed traits of the
profiles, on random topologies and random streams."""

import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipeline.config.topology import parse
from pipeline.replay.run import Replay
from schemas.json_schema import json_schema
from schemas.segment_call import CallRenderer
from tests.oracle.engine_run import Calls, lines, topology_text
from tests.oracle.trial import UNTIL, case
from tests.oracle.values import instant

SEEDS = min(int(os.environ.get("AFTERCLICK_SEEDS", "250")), 100)
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


def calls_of(folder: Path, topology: dict[str, Any], events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    plan, renderer = parse(topology_text(topology), {}).plan(), CallRenderer("oracle", "both")
    Replay(plan, folder, until=instant(UNTIL), profiles=True, renderer=renderer).run([Calls(events)])
    return lines(folder / "segment-calls.ndjson")


def under_user_id(events: list[dict[str, Any]]) -> set[str]:
    return {event["userId"] for event in events if isinstance(event.get("userId"), str)}


def plain(value: Any) -> Any:
    """Money as a number. The topologies of these streams count in cents."""
    return value["amount"] / 100 if isinstance(value, dict) else value


def rendered(folder: Path) -> int:
    topics = ("segment-changes", "trait-changes", "journey-changes")
    return sum(len(lines(folder / f"{topic}.ndjson")) for topic in topics)


@pytest.mark.parametrize("first", range(FIRST, FIRST + SEEDS, 25))
def test_traits_of_all_identify_calls_are_the_profile(tmp_path: Path, first: int) -> None:
    schema, made, anonymous = jsonschema.Draft202012Validator(json_schema("segment-calls")), 0, 0
    told: set[str] = set()
    for seed in range(first, min(first + 25, FIRST + SEEDS)):
        topology, events = case(seed)
        users, folder = under_user_id(events), tmp_path / str(seed)
        calls = calls_of(folder, topology, events)
        # given to a destination that only looks at traits, and to one that only looks at events
        by_trait: dict[str, dict[str, Any]] = {}
        by_event: dict[str, dict[str, Any]] = {}
        for call in calls:
            schema.validate(call)
            shopper = call["userId"] if call.get("userId") in users else call["anonymousId"]
            if call["type"] == "identify":
                by_trait.setdefault(shopper, {}).update(call["traits"])
            else:
                known = by_event.setdefault(shopper, {})
                properties = call["properties"]
                if call["event"] == "Trait Computed":
                    known[properties["trait_key"]] = properties[properties["trait_key"]]
                else:
                    audience = properties["audience_key"]
                    known[audience] = call["event"] == "Audience Entered"
                    assert properties[audience] is known[audience], seed
                told.add(call["event"])
        # then both know the members, the stage and the values that are told at once, as the profiles do
        assert by_event == by_trait, seed
        for profile in lines(folder / "profiles.ndjson"):
            had = by_trait.get(profile["shopper"], {})
            segments = topology.get("segments", {})
            assert sorted(name for name in segments if had.get(name)) == profile["segments"], seed
            assert had.get("journey_stage") == profile.get("stage"), seed
            for name, trait in topology.get("traits", {}).items():
                if trait.get("emit") != "daily" and name in had:
                    assert had[name] == plain(profile["computed"][name]), (seed, name)
        assert len({call["messageId"] for call in calls}) == len(calls), seed
        assert len(calls) == 2 * rendered(folder), seed
        made, anonymous = made + len(calls), anonymous + sum("anonymousId" in call for call in calls)
    assert made > anonymous > 0, "streams without changes of both kinds of shoppers prove nothing"
    assert told == {"Audience Entered", "Audience Exited", "Trait Computed"}
