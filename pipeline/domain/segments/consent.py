"""`consent`: the condition on what was said of a purpose on a channel."""

from collections.abc import Callable

from pipeline.domain.consent_definition import REDUCED, ConsentNow
from pipeline.domain.messaging.consent import Consent
from pipeline.domain.shopper import Shopper


def compile_consent(condition: ConsentNow) -> Callable[[Shopper, int], tuple[bool, int]]:
    """(shopper, now in ms) -> (true now?, 0): time alone changes no consent."""
    channel, purpose, wanted = condition.channel, condition.purpose, condition.status

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        consent = Consent(shopper)
        said = consent.status(channel, purpose) if wanted == REDUCED else consent.of(channel, purpose)
        return said == wanted, 0

    return look
