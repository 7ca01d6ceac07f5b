"""Rewards: what points are spent on, and who is told that they can be."""

from pipeline.domain.decision import REWARD_AVAILABLE, Moment
from pipeline.domain.loyalty.purse import purse_of
from pipeline.domain.loyalty.redemption import withheld
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopping import Standing


class Rewards:
    """The catalogue of one programme."""

    __slots__ = ("_levels", "_programme")

    def __init__(self, programme: ProgrammeDefinition) -> None:
        self._programme = programme
        self._levels = [level.name for level in programme.levels]

    def tell(self, standing: Standing, moment: Moment) -> None:
        """Tell once of each reward that the shopper can have for the first time."""
        for reward in self._programme.rewards:
            if standing.balance < reward.cost or withheld(standing, reward, self._levels):
                continue
            purse = purse_of(standing)
            if reward.name in purse.rewards:
                continue
            purse.rewards.append(reward.name)
            moment.decide(
                REWARD_AVAILABLE,
                "reward.available",
                self._programme.identity,
                (self._programme.name, reward.name),
                {
                    "programme": self._programme.name,
                    "reward": reward.name,
                    "cost": reward.cost,
                    "balance": standing.balance,
                },
            )
