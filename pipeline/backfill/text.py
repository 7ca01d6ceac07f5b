"""What a backfill did, or would do, as people read it."""

from collections.abc import Iterator, Sequence

from pipeline.backfill.run import FOUND, GONE, NOTHING, WAITING, WRITTEN, PartitionResult
from pipeline.backfill.trial import Trial
from pipeline.diff.some import Some
from pipeline.domain.definition import Condition, Plan
from pipeline.domain.derived_definition import TraitDefinition
from pipeline.domain.graft import pieces_for
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.value.instant import format_instant
from pipeline.runtime.gap import unpack

_STATES = {
    NOTHING: "nothing is missing",
    GONE: "nothing is retained of what is missing; --input takes files of it",
    WAITING: "written by a run before; its worker has yet to take it in",
}


def readers(plan: Plan, pieces: frozenset[int]) -> Iterator[str]:
    """Which rules read any of these pieces of state: `segment engaged`, `trait favourite`, `the journey`."""

    def reads(conditions: Sequence[Condition], traits: Sequence[TraitDefinition] = ()) -> bool:
        return not pieces_for(Conditions.compiled(plan, conditions, traits)).isdisjoint(pieces)

    yield from (f"segment {one.name}" for one in plan.segments if reads((one.when,)))
    yield from (f"trait {one.name}" for one in plan.traits if reads((), (one,)))
    stages = plan.journey.stages if plan.journey is not None else ()
    if reads([one.when for one in stages if one.when is not None]):
        yield "the journey"
    for rule in plan.abandonments:
        if reads([one for one in (rule.when, rule.unless) if one is not None]):
            yield f"abandonment {rule.name}"


def lines(plan: Plan, topic: str, results: Sequence[PartitionResult], trial: Trial | None) -> Iterator[str]:
    """trial: of a dry run."""
    heads = [one.head for one in results if one.head is not None]
    pieces = frozenset(piece for head in heads for gap in head.gaps for piece in unpack(gap.pieces))
    if pieces:
        yield f"Lacks history: {', '.join(readers(plan, pieces))}."
    yield from (f"{topic}[{one.partition}]: {_outcome(one)}" for one in results)
    late = max((head.at for head in heads if head.first and not head.files_at), default=0)
    if late:
        yield f"Retained from {format_instant(late)} on: from there it is complete. --input takes files of before."
    if trial is not None:
        yield from _trial(trial)
    elif any(one.state == WRITTEN for one in results):
        yield "Workers take it in by themselves; what changes by it is published silently, with the cause backfill."


def _outcome(result: PartitionResult) -> str:
    if result.head is None:
        return _STATES[result.state]
    done = "found" if result.state == FOUND else "written"
    return f"history of {result.head.shoppers:,} shoppers {done}, from {result.events:,} events"


def _trial(trial: Trial) -> Iterator[str]:
    if trial.unknown:
        yield f"{trial.unknown:,} of {trial.shoppers:,} shoppers are not known to any worker: they are left out."
    for name in sorted(trial.enter.keys() | trial.leave.keys()):
        for verb, moved in (("enter", trial.enter.get(name)), ("leave", trial.leave.get(name))):
            if moved is not None:
                yield f"{moved.count:,} would {verb} {name}: {_sample(moved)}"
    yield f"{trial.traits:,} traits and {trial.stages:,} stages would change. Nothing was written."


def _sample(moved: Some) -> str:
    more = moved.count - len(moved.sample)
    return ", ".join(moved.sample) + (f" and {more:,} more" if more else "")
