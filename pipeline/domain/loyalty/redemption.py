"""Redemptions: points that are spent, come back, or are set right by hand (readings.md, 44 and 55)."""

from typing import Any

import xxhash

from pipeline.domain.commerce.order import identifier
from pipeline.domain.decision import REDEMPTION_REJECTED, Moment
from pipeline.domain.event import Event
from pipeline.domain.loyalty.account import Accounts
from pipeline.domain.loyalty.lot import MOST
from pipeline.domain.loyalty.purse import purse_of
from pipeline.domain.loyalty.spending import Spending
from pipeline.domain.loyalty_definition import (
    POINTS_ADJUSTED,
    POINTS_REDEEMED,
    REDEMPTION_CANCELLED,
    ProgrammeDefinition,
    Reward,
)
from pipeline.domain.shopping import Redemption, Standing
from pipeline.domain.value.number import MICRO, to_micro

# Redemptions, and what was set right by hand, that are known one by one: each counts once, and can be cancelled.
REDEMPTIONS = 200


class Redemptions:
    """The redemptions of one programme."""

    __slots__ = ("_levels", "_programme", "_rewards", "_spending")

    def __init__(self, programme: ProgrammeDefinition, accounts: Accounts) -> None:
        self._programme = programme
        self._spending = Spending(accounts)
        self._levels = [level.name for level in programme.levels]
        self._rewards = {reward.name: reward for reward in programme.rewards}

    def on_event(self, standing: Standing | None, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        """Take one of REDEMPTION_EVENTS of this programme. standing: None of who has not joined, with `Points Redeemed`
        alone. Remarks: `redemption_unmatched`, `redemption_limit`, `points_invalid`, `points_limit`."""
        if event.name == POINTS_REDEEMED:
            self._redeem(standing, event, properties, moment)
        elif standing is None:
            moment.remarks.append("redemption_unmatched")
        elif event.name == REDEMPTION_CANCELLED:
            self._cancel(standing, event, properties, moment)
        else:
            self._adjust(standing, event, properties, moment)

    def knows(self, standing: Standing, event: Event, properties: dict[str, Any]) -> bool:
        """Whether the redemption that an event names was in this programme."""
        return _find(standing, _key(event, properties)) is not None

    def _adjust(self, standing: Standing, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        """Each message once, also long after the record has forgotten the message."""
        points, key = points_of(properties), _fingerprint("adjustment", event.message_id)
        if not points:
            moment.remarks.append("points_invalid")
        elif _find(standing, key) is None:
            self._remember(standing, Redemption(key, []), moment)
            self._spending.correct(standing, points, event.time, moment)

    def _redeem(self, standing: Standing | None, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        name, key = identifier(properties.get("reward")), _key(event, properties)
        reward = self._rewards.get(name)
        points = points_of(properties)
        if points is None and reward is not None and properties.get("points") is None:
            points = reward.cost
        if standing is not None and _find(standing, key) is not None:
            return
        reason = self._objection(standing, name, reward, points)
        if standing is None or points is None or reason is not None:
            self._reject(standing, event, properties, points, name, reason, moment)
            return
        order_id = identifier(properties.get("order_id"))
        parts = self._spending.spend(standing, points, event.time, order_id, moment)
        self._remember(standing, Redemption(key, parts, name), moment)

    def _objection(self, standing: Standing | None, name: str, reward: Reward | None, points: int | None) -> str | None:
        """Why the redemption is refused, None if it is not."""
        if points is None or points <= 0:
            return "invalid_points"
        if self._rewards and name and reward is None:
            return "unknown_reward"
        if reward is not None and standing is not None and (reason := withheld(standing, reward, self._levels)):
            return reason
        if standing is None or points > standing.balance:
            return "insufficient_points"
        return None

    def _cancel(self, standing: Standing, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        """Of a redemption that has not come yet it is remembered: then it does not count when it comes."""
        key = _key(event, properties)
        redemption = _find(standing, key)
        if redemption is None:
            moment.remarks.append("redemption_unmatched")
            self._remember(standing, Redemption(key, []), moment)
        elif redemption.parts:
            parts, redemption.parts = redemption.parts, []
            self._spending.give_back(standing, parts, event.time, moment)

    def _remember(self, standing: Standing, redemption: Redemption, moment: Moment) -> None:
        redemptions = purse_of(standing).redemptions
        redemptions.append(redemption)
        if len(redemptions) > REDEMPTIONS:
            moment.remarks.append("redemption_limit")
            del redemptions[0]

    def _reject(
        self,
        standing: Standing | None,
        event: Event,
        properties: dict[str, Any],
        points: int | None,
        reward: str,
        reason: str | None,
        moment: Moment,
    ) -> None:
        moment.decide(
            REDEMPTION_REJECTED,
            "redemption.rejected",
            self._programme.identity,
            (self._programme.name, event.message_id),
            {
                "programme": self._programme.name,
                "redemption_id": identifier(properties.get("redemption_id")) or event.message_id,
                "points": points,
                "reward": reward or None,
                "reason": reason,
                "balance": 0 if standing is None else standing.balance,
            },
        )


def adjusts(event: Event, properties: dict[str, Any]) -> bool:
    """Whether a shopper joins a programme with the event: points are added or taken by hand."""
    return event.name == POINTS_ADJUSTED and bool(points_of(properties))


def withheld(standing: Standing, reward: Reward, levels: list[str]) -> str | None:
    """Why the shopper may not have the reward, whatever the balance; None if nothing is in the way. levels: names."""
    if reward.tier and standing.held < levels.index(reward.tier):
        return "tier"
    if reward.limit and _times_redeemed(standing, reward.name) >= reward.limit:
        return "reward_limit"
    return None


def _times_redeemed(standing: Standing, reward: str) -> int:
    """How often the shopper had the reward, without what was cancelled."""
    redemptions = standing.purse.redemptions if standing.purse is not None else ()
    return sum(1 for one in redemptions if one.reward == reward and one.parts)


def points_of(properties: dict[str, Any]) -> int | None:
    """Whole points as an event tells them, with their sign; None if it tells none, or absurdly many."""
    micro = to_micro(properties.get("points"))
    if micro is None or micro % MICRO or abs(micro) > MOST * MICRO:
        return None
    return micro // MICRO


def _key(event: Event, properties: dict[str, Any]) -> int:
    """Fingerprint of a redemption: its `redemption_id`, else the message's id."""
    redemption_id = identifier(properties.get("redemption_id"))
    return _fingerprint("redemption", redemption_id) if redemption_id else _fingerprint("message", event.message_id)


def _fingerprint(kind: str, name: str) -> int:
    return xxhash.xxh3_64_intdigest(f"{kind}\x00{name}".encode())


def _find(standing: Standing, key: int) -> Redemption | None:
    for redemption in standing.purse.redemptions if standing.purse is not None else ():
        if redemption.key == key:
            return redemption
    return None
