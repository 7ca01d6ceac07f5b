"""Entries: the lines of the ledger, each with the balance after it."""

from pipeline.domain.decision import LOYALTY_POINTS, Moment
from pipeline.domain.loyalty.lot import lot_name
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopping import Lot, Standing


class Entries:
    """Writes the entries of one programme. The running balance is moved here and nowhere else."""

    __slots__ = ("_programme",)

    def __init__(self, programme: ProgrammeDefinition) -> None:
        self._programme = programme

    def post(
        self,
        standing: Standing,
        entry: str,
        points: int,
        moment: Moment,
        *,
        lot: Lot | None = None,
        order_id: str | None = None,
        expires_at: int = 0,
        balance: int = 0,
        pending: int = 0,
    ) -> None:
        """Post an entry of `points`, unless they are 0 (readings.md, 53).

        balance, pending: how far it moves each of them. expires_at: ms, 0 = never or not told.
        """
        if points == 0:
            return
        standing.balance += balance
        purse = standing.purse
        if purse is not None:
            purse.pending += pending
        standing.entries += 1
        moment.decide(
            LOYALTY_POINTS,
            f"loyalty.points.{entry}",
            self._programme.identity,
            (self._programme.name, standing.entries),
            {
                "programme": self._programme.name,
                "entry": entry,
                "points": points,
                "balance": standing.balance,
                "pending": 0 if purse is None else purse.pending,
                "lot": None if lot is None else lot_name(lot),
                "order_id": order_id,
                "expires_at": expires_at or None,
            },
        )
