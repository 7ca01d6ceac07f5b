"""Events by which a shopper's will is done: words on consent, and erasures. Nothing that leaves events out leaves out
these: a withdrawal counts whoever sends it, however often, and whatever else it says."""

from pipeline.domain.erasure_definition import SHOPPER_ERASED
from pipeline.domain.messaging.consent_event import CONSENT_EVENTS

WILLS = CONSENT_EVENTS | {SHOPPER_ERASED}
"""Their names."""
