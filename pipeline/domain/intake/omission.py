"""Omissions: calls that are right, and that the topology says are not to be taken. They are counted, and nothing of
them is kept, in the dead letters neither."""

import msgspec

BOT = "bot"
DO_NOT_TRACK = "do_not_track"
NO_CONSENT = "no_consent"
NOT_SAMPLED = "not_sampled"


class Omission(msgspec.Struct, frozen=True, gc=False):
    """reason: one of the words above, the remark by which it is counted."""

    reason: str
