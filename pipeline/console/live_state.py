"""What the live page shows: a fold of the public topics, bounded, and lost with the process: the topics have it all."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from pipeline.config.flow import DEAD_LETTERS
from pipeline.config.topology import Topology
from pipeline.demo.cast import cast_of
from pipeline.demo.published_record import PublishedRecord
from pipeline.demo.rate import Rate
from pipeline.demo.sentence import money, printable
from pipeline.demo.tally import AbandonmentTally, Tally
from pipeline.domain.decision import MESSAGE_SUPPRESSIONS
from pipeline.domain.value.instant import format_instant

SHOWN = 60
"""Decisions that a frame has at most; and as many are kept for who comes later."""
_DEAD_LETTERS = 30
_LONGEST = 2_000
_SHORTER = 200
_SAMPLES = 150
_SAMPLING = 2.0
_FRAME = 0.4

Data = dict[str, Any]


class LiveState:
    """One thread tells it records, any may ask for frames. clock: seconds, monotonic."""

    def __init__(self, topology: Topology, clock: Callable[[], float] = time.monotonic) -> None:
        self._cast = cast_of(topology)
        self._clock = clock
        self._gate = threading.Lock()
        self._count = 0
        self.clear()

    def clear(self) -> None:
        """Before the topics are read anew. Decisions go on being numbered, as pages ask for those after a number."""
        with self._gate:
            self._tally = Tally()
            self._suppressed = Counter[str]()
            self._latest: deque[Data] = deque(maxlen=SHOWN)
            self._dead: deque[Data] = deque(maxlen=_DEAD_LETTERS)
            self._members: deque[tuple[int, ...]] = deque(maxlen=_SAMPLES)
            self._arrived: int | None = None
            self._arrivals = Rate()
            self._rates: dict[str, Rate] = {}
            self._figures: Data = {}
            self._counted = self._sampled = float("-inf")
            self.problem = ""

    def see(self, record: PublishedRecord) -> None:
        """A record of a topic of decisions, or a dead letter."""
        with self._gate:
            if record.topic == DEAD_LETTERS:
                self._see_dead_letter(record)
            elif record.value is not None:
                self._see_decision(record)

    def see_arrivals(self, total: int | None) -> None:
        """How many records the clickstream has had until now; None: nobody knows."""
        with self._gate:
            self._arrived = total

    def frame(self, after: int) -> Data:
        """All figures, and the decisions with a number above `after`, the latest last."""
        with self._gate:
            now = self._clock()
            if now - self._counted >= _FRAME:
                self._counted, self._figures = now, self._counts(now)
            latest = [one for one in self._latest if one["number"] > after]
            return self._figures | {"latest": latest, "problem": self.problem}

    def _see_decision(self, record: PublishedRecord) -> None:
        # Of another release, or of somebody else: it is shown, and adds up to nothing.
        with suppress(KeyError, TypeError, AttributeError):
            self._tally.see_decision(record.topic, record.value)
        value: Data = record.value if isinstance(record.value, dict) else {}
        if record.topic == MESSAGE_SUPPRESSIONS:
            self._suppressed[printable(str(value.get("reason")), _SHORTER)] += 1
        self._count += 1
        cause = value.get("cause")
        self._latest.append(
            {
                "number": self._count,
                "topic": record.topic,
                "change": value.get("change") or value.get("entry") or value.get("reason") or "",
                "shopper": value.get("shopper") or record.key,
                "text": told_of(record),
                "at": self._clock_of(value, record),
                "cause": cause_told(cause) if isinstance(cause, dict) else "",
            }
        )

    def _see_dead_letter(self, record: PublishedRecord) -> None:
        reason = record.headers.get("reason", "?")[:_SHORTER]
        self._tally.see_dead_letter(reason)
        held = record.raw if record.raw is not None else msgspec.json.encode(record.value).decode()
        place = [record.headers.get(name, "?")[:_SHORTER] for name in ("topic", "partition", "offset")]
        self._dead.append(
            {
                "reason": reason,
                "detail": record.headers.get("detail", "")[:_SHORTER],
                "at": format_instant(record.timestamp),
                "place": " / ".join(place),
                "record": held[:_LONGEST],
            }
        )

    def _clock_of(self, value: Data, record: PublishedRecord) -> str:
        told = value.get("effective_at")
        return told if isinstance(told, str) else format_instant(record.timestamp)

    def _counts(self, now: float) -> Data:
        tally, cast = self._tally, self._cast
        members = tuple(max(tally.members[name], 0) for name in cast.segments)
        if now - self._sampled >= _SAMPLING:
            self._sampled = now
            self._members.append(members)
        return {
            "name": cast.name,
            "arrivals": None if self._arrived is None else self._arrivals.read(now, self._arrived),
            "decided": tally.decided,
            "topics": [
                {"topic": topic, "count": count, "rate": self._rates.setdefault(topic, Rate()).read(now, count)}
                for topic, count in sorted(tally.decisions.items())
            ],
            "segments": [
                {"name": name, "members": count, "over_time": [sample[number] for sample in self._members]}
                for number, (name, count) in enumerate(zip(cast.segments, members, strict=True))
            ],
            "sampling": _SAMPLING,
            "abandonment": [self._funnel(name, count) for name, count in cast.stages.items()],
            "suppressed": dict(self._suppressed.most_common()),
            "tiers": {
                programme: {level: max(tally.tiers.get(programme, Counter())[level], 0) for level in levels}
                for programme, levels in cast.tiers.items()
            },
            "dead_letters": {"count": tally.dead_letters.total(), "latest": list(self._dead)[::-1]},
        }

    def _funnel(self, name: str, stages: int) -> Data:
        its = self._tally.abandonment.get(name, AbandonmentTally())
        return {
            "name": name,
            "stages": [its.stages[number] for number in range(1, stages + 1)],
            "recovered": its.recovered,
            "retracted": its.retracted,
            "won": money({"amount": its.won, "currency": self._cast.currency}),
        }


def told_of(record: PublishedRecord) -> str:
    """What was decided, without of whom: the page names the shopper beside it."""
    shopper = record.value.get("shopper") if isinstance(record.value, dict) else record.key
    return record.told().removeprefix(f"{printable(str(shopper))} ")


def cause_told(cause: Data) -> str:
    """A decision's cause as people read it."""
    if cause.get("message_id"):
        return f"{cause.get('kind')} {printable(str(cause['message_id']), 60)}"
    return str(cause.get("kind") or "")
