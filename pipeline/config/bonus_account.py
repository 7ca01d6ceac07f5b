"""What is kept of a programme's bonuses: in words, and in bytes at the most."""

from collections.abc import Iterator

from pipeline.config.duration import format_duration
from pipeline.config.packed_size import HEAD, INTEGER, list_of
from pipeline.domain.intake.identity import LIMIT as IDENTIFIER
from pipeline.domain.loyalty import earning, referral, review
from pipeline.domain.loyalty.limit import SPARE
from pipeline.domain.loyalty_definition import ANNIVERSARY, BIRTHDAY, EarnRule, Limit, ProgrammeDefinition


def kept_of_bonuses(programme: ProgrammeDefinition) -> Iterator[str]:
    """Each piece of state, one phrase each."""
    for rule in programme.earn:
        if rule.limit is not None:
            yield f"{_grants(rule)} by {rule.id or rule.on}"
        if rule.on in (BIRTHDAY, ANNIVERSARY):
            yield f"the next {rule.on}, and the year of the latest one"
        if rule.also:
            yield f"the {referral.FRIENDS:,} latest friends that {rule.on} was paid for"
            yield f"the {referral.EXPECTED} latest who have not bought"
    if any(rule.first for rule in programme.earn):
        yield "which order was the first"
    if programme.review is not None:
        yield "signs of fraud: points of 24 h, latest refunds, devices and addresses of friends"


def _grants(rule: EarnRule) -> str:
    limit = rule.limit or Limit(1)
    if limit.within is None:
        return "number of grants"
    return (
        f"event times of the latest {limit.times + SPARE:,} grants, {limit.times} in {format_duration(limit.within)},"
    )


def bonus_bytes(programme: ProgrammeDefinition) -> int:
    """Bytes of what the account above tells."""
    times = sum(_list(rule.limit.times + SPARE if rule.limit.within else 1) for rule in programme.earn if rule.limit)
    rules = len(programme.earn) * 4 * _list(3)
    referring = sum(1 for rule in programme.earn if rule.also)
    friends = _list(referral.FRIENDS) + referral.EXPECTED * list_of(5) if referring else 0
    friends += referring * (IDENTIFIER + HEAD + list_of(3))
    orders = _list(3 * earning.OF_ORDERS) if any(not rule.per for rule in programme.earn) else 0
    return times + rules + friends + orders + _signs(programme)


def _signs(programme: ProgrammeDefinition) -> int:
    found = programme.review
    if found is None:
        return 0
    refunds = _list(found.refunds.times + 1) if found.refunds is not None else 0
    origins = max(
        (_list(limit.times + SPARE) for limit in (found.referrals_per_device, found.referrals_per_address) if limit),
        default=0,
    )
    return _list(2 * review.GRANTS) + refunds + review.ORIGINS * (INTEGER + origins)


def _list(integers: int) -> int:
    """A list of integers, with the number it is kept under."""
    return INTEGER + list_of(integers)
