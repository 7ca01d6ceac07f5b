"""The journey: stages of a shopper's relation to the shop."""

from collections.abc import Iterator, Sequence

from pydantic import Field

from pipeline.config.condition import Condition
from pipeline.config.entry import Entry
from pipeline.config.problem import Place
from pipeline.config.rule_name import RuleName


class JourneyStage(Entry):
    """One stage. A shopper is in the first one whose condition holds, and in the last one, which has none, otherwise.
    Changes go to `journey-changes`, those that come with time at the very instant."""

    stage: RuleName = Field(description="Its name in outputs and in conditions.", examples=["at_risk"])
    when: Condition | None = Field(
        None,
        description="Required of all but the last.",
        examples=[{"orders": {"within": "180d", "at_least": 1}}],
    )


def stage_mistakes(stages: Sequence[JourneyStage]) -> Iterator[tuple[Place, str]]:
    """What is wrong with the stages together."""
    seen: set[str] = set()
    for index, one in enumerate(stages):
        if one.stage in seen:
            yield ("journey", index, "stage"), f"there is a stage {one.stage} already"
        seen.add(one.stage)
        last = index == len(stages) - 1
        if last and one.when is not None:
            yield ("journey", index, "when"), "the last stage takes whom no other takes, leave its condition out"
        elif not last and one.when is None:
            yield ("journey", index), "needs a condition: when; only the last stage goes without"
