"""Isolation: a batch that fails is taken apart until the one record that makes it fail stands alone."""

from typing import Generic

from pipeline.runtime.fold import Decoded, Effects, Fold
from pipeline.runtime.ports import Batch, Checkpoint, Hopeless, StateError


class Isolating(Generic[Decoded]):
    """A fold around another one, see `fold.Fold`. Folding is pure, so what fails once fails always: no try is wasted.

    A round that fails is tried with half of its records; what can be taken is taken, in rounds of its own. A record
    that fails alone is folded as what `refused` makes of it, a dead letter. If that fails too, it was not the record,
    and the failure is raised: the partition is retried, and stops in the end.
    """

    def __init__(self, inner: Fold[Decoded]) -> None:
        self._inner = inner
        self.idle, self.sweep, self.refused = inner.idle, inner.sweep, inner.refused
        self.graft, self.keep, self.drop, self.pace = inner.graft, inner.keep, inner.drop, inner.pace

    def decode(self, batch: Batch) -> list[Decoded]:
        try:
            return self._inner.decode(batch)
        except Exception:
            decoded = []
            for record in batch.records:
                try:
                    decoded.extend(self._inner.decode(_part(batch, [record])))
                except Exception as error:
                    refused = self._inner.refused(record, None, error)
                    if refused is None:
                        raise
                    decoded.append(refused)
            return decoded

    def fold(self, batch: Batch, decoded: list[Decoded], start: int, checkpoint: Checkpoint) -> Effects:
        end = len(decoded)
        try:
            return self._inner.fold(batch, decoded, start, checkpoint)
        except (StateError, Hopeless):
            raise
        except Exception as error:
            failure = error
        while end - start > 1:
            self._inner.drop()
            end = start + (end - start) // 2
            try:
                return self._some(batch, decoded, start, end, checkpoint)
            except (StateError, Hopeless):
                raise
            except Exception as error:
                failure = error
        self._inner.drop()
        if end > start:
            refused = self._inner.refused(batch.records[start], decoded[start], failure)
            if refused is not None:
                return self._some(batch, [*decoded[:start], refused], start, end, checkpoint, len(decoded))
        raise failure

    def _some(
        self,
        batch: Batch,
        decoded: list[Decoded],
        start: int,
        end: int,
        checkpoint: Checkpoint,
        whole: int | None = None,
    ) -> Effects:
        """Fold the records from `start` to `end` only."""
        effects = self._inner.fold(_part(batch, batch.records[:end]), decoded[:end], start, checkpoint)
        effects.finished = effects.finished and end == (len(decoded) if whole is None else whole)
        return effects


def _part(batch: Batch, records: object) -> Batch:
    return Batch(batch.topic, batch.partition, batch.follows, records, batch.now)  # type: ignore[arg-type]
