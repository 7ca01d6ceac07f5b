"""Categories of a consent manager, as clients put them into the context of each call (readings.md, 29)."""

from collections.abc import Mapping
from typing import Any

# Where Segment's clients, and Google's consent mode by way of the collector, put them; and RudderStack's.
CONSENT, CONSENT_MANAGEMENT = "consent", "consentManagement"


def preferences_of(context: Mapping[str, Any]) -> dict[str, bool]:
    """Category -> granted?, of all that the context says something about. What is both granted and denied is denied;
    what is neither true nor false says nothing."""
    said: dict[str, bool] = {}
    managed = context.get(CONSENT_MANAGEMENT)
    if type(managed) is dict:
        for field, granted in (("allowedConsentIds", True), ("deniedConsentIds", False)):
            ids = managed.get(field)
            said.update((one, granted) for one in (ids if type(ids) is list else ()) if type(one) is str)
    consent = context.get(CONSENT)
    preferences = consent.get("categoryPreferences") if type(consent) is dict else None
    if type(preferences) is dict:
        for category, granted in preferences.items():
            if type(granted) is bool:
                said[category] = granted and said.get(category, True)
    return said


def tells(context: Mapping[str, Any]) -> bool:
    """Whether there may be preferences in it."""
    return CONSENT in context or CONSENT_MANAGEMENT in context


def said_of(context: Mapping[str, Any], purposes: Mapping[str, str]) -> tuple[tuple[str, bool], ...]:
    """(purpose, granted?) in order of purposes. purposes: category -> purpose; of several categories on one purpose
    each must be granted."""
    preferences = preferences_of(context)
    said: dict[str, bool] = {}
    for category, purpose in purposes.items():
        granted = preferences.get(category)
        if granted is not None:
            said[purpose] = granted and said.get(purpose, True)
    return tuple(sorted(said.items()))
