"""Privacy: calls of those who do not want to be followed, by what their browser or the shop's consent manager says."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.domain.event import BEHAVIOUR
from pipeline.domain.intake.category import preferences_of
from pipeline.domain.intake.omission import DO_NOT_TRACK, NO_CONSENT
from pipeline.domain.intake_definition import ANONYMOUS, IGNORE, PrivacyDefinition

# By the names that browsers give them in scripts: `navigator.doNotTrack` is "1", `navigator.globalPrivacyControl` true.
# The collector writes what the headers DNT and Sec-GPC say under the same ones.
SIGNALS = ("doNotTrack", "globalPrivacyControl")
_YES = frozenset({"1", "yes", "true"})


class Objection(NamedTuple):
    """Why a call is not to be taken as it is, and what becomes of it, DROP or ANONYMOUS; both "" if it is."""

    reason: str
    action: str


NO_OBJECTION = Objection("", "")


class Privacy:
    """By the rules of a topology with `intake.privacy`."""

    def __init__(self, definition: PrivacyDefinition) -> None:
        self._do_not_track, self._required = definition.do_not_track, definition.required
        self._refused, self._unknown = definition.refused, definition.unknown

    def objection(self, context: Mapping[str, Any]) -> Objection:
        """What the context of a call has against its being taken."""
        if self._do_not_track != IGNORE and any(_says_yes(context.get(signal)) for signal in SIGNALS):
            return Objection(DO_NOT_TRACK, self._do_not_track)
        if self._required and not self._consents(context):
            return Objection(NO_CONSENT, self._refused)
        return NO_OBJECTION

    def _consents(self, context: Mapping[str, Any]) -> bool:
        said = preferences_of(context)
        return all(said.get(category, False) for category in self._required) if said else self._unknown


def anonymise(call: dict[str, Any], action: str) -> bool:
    """Take out of a call who the visitor is, in place; whether anything is left that may be taken. Only what somebody
    did, under an anonymous id, is; what stands in its properties stays."""
    if action != ANONYMOUS or call.get("type") not in BEHAVIOUR or not call.get("anonymousId"):
        return False
    call["userId"] = None
    return True


def _says_yes(signal: Any) -> bool:
    if type(signal) is str:
        return signal.lower() in _YES
    return type(signal) in (bool, int) and signal == 1
