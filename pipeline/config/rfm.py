"""RFM: the thresholds of scores, and conditions on the scores."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.quantity import Money, Whole
from pipeline.config.source import Block
from pipeline.domain.derived_definition import RfmScale, RfmScore
from pipeline.domain.value.instant import DAY

KEYS = ("recency", "frequency", "monetary")

Score = Annotated[int, Field(strict=True, ge=1, le=5)]


class Rfm(Entry):
    """Thresholds that part five scores, four each, never falling: reaching one is the next score. Orders are completed,
    not cancelled ones of all time. `afterclick rfm fit` makes this block of a shop's own history."""

    recency: tuple[Whole, Whole, Whole, Whole] = Field(
        description="Days of 24 h since the latest order: fewer than the first score 5, from the last on 1.",
        examples=[[115, 181, 297, 482]],
    )
    frequency: tuple[Whole, Whole, Whole, Whole] = Field(
        description="Orders: fewer than the first score 1, from the last on 5.", examples=[[4, 5, 6, 8]]
    )
    monetary: tuple[Money, Money, Money, Money] = Field(
        description="Their value net of refunds: less than the first scores 1, from the last on 5.",
        examples=[[256, 382, 506, 666]],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        for key in KEYS:
            thresholds = getattr(self, key)
            if list(thresholds) != sorted(thresholds):
                yield (key,), "thresholds go from the smallest to the largest"

    def scale(self) -> RfmScale:
        return RfmScale(tuple(days * DAY for days in self.recency), self.frequency, self.monetary)


class RfmTests(Entry):
    """Scores that a shopper may have; each key that is named must hold. Of a shopper without orders it is false."""

    recency: tuple[Score, ...] | None = Field(None, min_length=1, description="How recently.", examples=[[4, 5]])
    frequency: tuple[Score, ...] | None = Field(None, min_length=1, description="How often.", examples=[[4, 5]])
    monetary: tuple[Score, ...] | None = Field(None, min_length=1, description="For how much.", examples=[[4, 5]])

    key_noun: ClassVar[str] = "score"

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if not any(getattr(self, key) for key in KEYS):
            yield (), f"needs {', '.join(KEYS[:-1])} or {KEYS[-1]}"

    def condition(self) -> RfmScore:
        recency, frequency, monetary = (tuple(sorted(set(getattr(self, key) or ()))) for key in KEYS)
        return RfmScore(recency, frequency, monetary)
