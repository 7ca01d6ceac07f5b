"""Merging: two records of one person made one, policy by policy, and what follows from it (semantics.md, part 2)."""

from pipeline.domain.abandonment.abandonment import Abandonment
from pipeline.domain.abandonment.union import purchases
from pipeline.domain.commerce.union import join_carts, join_orders
from pipeline.domain.decision import Decision, Moment, take_last
from pipeline.domain.due import keep_due
from pipeline.domain.graft import Graft, join
from pipeline.domain.identity.profile import join_profile
from pipeline.domain.loyalty.loyalty import Loyalty
from pipeline.domain.messaging.arbiter import Arbiter
from pipeline.domain.messaging.consent_book import ConsentBook
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.derivation import Derivations
from pipeline.domain.segments.segment import Segments
from pipeline.domain.shopper import Shopper


class Merger:
    """The policies of an engine, as far as they are about two records at once."""

    __slots__ = (
        "_abandonment",
        "_arbiter",
        "_conditions",
        "_consents",
        "_derivations",
        "_digest",
        "_loyalty",
        "_segments",
    )

    def __init__(
        self,
        digest: int,
        conditions: Conditions,
        segments: Segments,
        derivations: Derivations,
        abandonment: Abandonment,
        loyalty: Loyalty,
        consents: ConsentBook,
        arbiter: Arbiter | None,
    ) -> None:
        """digest: of the plan. arbiter: None of a plan without messages."""
        self._digest, self._conditions, self._segments, self._derivations = digest, conditions, segments, derivations
        self._abandonment, self._loyalty, self._consents, self._arbiter = abandonment, loyalty, consents, arbiter

    def merge(self, shopper: Shopper, other: Shopper, moment: Moment) -> None:
        """Take in the record of another id of the same person, at moment.now: the net difference is told.

        Both have come to that instant, under this plan. `other` is used up.
        """
        begun = len(moment.decisions)
        if not shopper.created:
            shopper.plan = self._digest
        join_profile(shopper, other, moment.remarks)
        shopper.anonymous = False
        seen = other.derived.seen if other.derived is not None else {}
        join(self._conditions, shopper, Graft(other.windows, other.observations, seen), moment.remarks)
        words = other.words
        if words is not None:
            self._consents.join(shopper, words, moment)
        agreed = take_last(moment.decisions, begun)
        posted, renamed = self._join_shopping(shopper, other, moment) if other.shopping is not None else ([], {})
        abandoned = take_last(moment.decisions, begun)
        self._segments.adopt(shopper, moment)
        self._derivations.adopt(shopper, moment, at_once=False)
        moment.decisions.extend((*abandoned, *posted, *agreed))
        if self._arbiter is not None:
            if other.messages is not None:
                self._arbiter.join(shopper, other.correspondence(), renamed, moment)
            self._arbiter.on_due(shopper, begun, moment)
        keep_due(shopper)

    def retire(self, shopper: Shopper, moment: Moment) -> None:
        """The record is to be no shopper's any more: it leaves its segments, and its points are another's."""
        self._segments.leave(shopper, moment)
        if shopper.shopping is not None:
            self._loyalty.leave(shopper, moment)

    def _join_shopping(self, shopper: Shopper, other: Shopper, moment: Moment) -> tuple[list[Decision], dict[str, str]]:
        """What was posted, and the names that the other's abandonments have now."""
        before, told = purchases(shopper, other), len(moment.decisions)
        refunds = join_orders(shopper, other, moment)
        lost = join_carts(shopper, other)
        self._loyalty.join(shopper, other, refunds, moment)
        posted = take_last(moment.decisions, told)
        return posted, self._abandonment.join(shopper, other, lost, before, moment)
