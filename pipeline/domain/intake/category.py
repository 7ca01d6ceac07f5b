"""Categories of a consent manager, as clients put them into the context of each call (readings.md, 29)."""

from collections.abc import Mapping
from typing import Any


def said_of(context: Mapping[str, Any], purposes: Mapping[str, str]) -> tuple[tuple[str, bool], ...]:
    """(purpose, granted?) in order of purposes. purposes: category -> purpose; of several categories on one purpose
    each must be granted. What is neither true nor false says nothing."""
    consent = context.get("consent")
    preferences = consent.get("categoryPreferences") if type(consent) is dict else None
    if type(preferences) is not dict:
        return ()
    said: dict[str, bool] = {}
    for category, purpose in purposes.items():
        granted = preferences.get(category)
        if type(granted) is bool:
            said[purpose] = granted and said.get(purpose, True)
    return tuple(sorted(said.items()))
