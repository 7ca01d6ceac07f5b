"""What the shopper record holds of messages: those that wait, those sent lately, and who gets which variant."""

from typing import TYPE_CHECKING

import msgspec


class Escalation(msgspec.Struct, array_like=True, gc=False):
    """Where a message stands that goes on to other channels. step: 0 = the first channel. sent: leading 64 bits of the
    ids of what was sent on earlier ones. waits: it was sent on the channel of `step`, and goes on at `until` if it is
    not opened before. opened: one of `sent` was."""

    step: int
    sent: list[int] = []
    waits: bool = False
    opened: bool = False


class Candidate(msgspec.Struct, array_like=True, gc=False):
    """A message that waits to be decided. Instants in ms, 0 = none.

    message: its name in the topology. trigger: id of the decision, or of the event's message, that asks for it, at
    `since`. until: when it is looked at next. contends: it waits for the end of its channel's arbitration, else it
    was deferred. notices: lines with `until` so far. capped: when a cap first deferred it. about: what has to stand
    for it still, see message.py. undone: what it was to speak of was ordered, or taken back. payload: see payload.py.
    escalation: None of what is on its first channel.
    """

    message: str
    trigger: str
    since: int
    until: int
    contends: bool = True
    notices: int = 0
    capped: int = 0
    about: str = ""
    undone: bool = False
    payload: bytes = b""
    escalation: Escalation | None = None

    @property
    def step(self) -> int:
        """Which of its message's channels it is for, from 0."""
        return 0 if self.escalation is None else self.escalation.step

    @property
    def identity(self) -> tuple[str | int, ...]:
        """What tells it from all others of the shopper: message, trigger, and on further channels the step."""
        step = self.step
        return (self.message, self.trigger, step) if step else (self.message, self.trigger)

    @property
    def waits(self) -> bool:
        """Whether it was sent and may go on to another channel: it asks for nothing yet."""
        return self.escalation is not None and self.escalation.waits


class Followed(msgspec.Struct, array_like=True, gc=False):
    """A message that was sent, or the exposure of one that was held out, while what comes of it counts.

    id: of the decision, 16 bytes. since: when it was decided, until: the last instant at which an order counts for it,
    ms. told: bits of what was told of it, see result.py. exposure: id of the exposure that it was, 16 bytes; empty if
    it was none. An exposure that was held out has no message, so there `id` is that of the exposure.
    """

    id: bytes
    message: str
    channel: str
    variant: str | None
    since: int
    until: int
    told: int = 0
    exposure: bytes = b""


class Correspondence(msgspec.Struct, array_like=True, gc=False):
    """candidates: in order of arrival. sent: by channel, of each message that counts against caps, its instant (ms)
    and the leading 64 bits of its id, flat, the oldest first. variants: by experiment, which arm the shopper was
    exposed to, see assignment.py. held_out: by the holdout's fingerprint, whether the shopper is in it. followed: in
    order of `since`."""

    candidates: list[Candidate] = []
    sent: dict[str, list[int]] = {}
    variants: dict[str, str] = {}
    held_out: dict[int, bool] = {}
    followed: list[Followed] = []


if TYPE_CHECKING:
    Kept = Correspondence | msgspec.Raw
else:
    # What the decoder goes by: it leaves the value as it is.
    Kept = msgspec.Raw

_decode = msgspec.msgpack.Decoder(Correspondence).decode


class Messages(msgspec.Struct, array_like=True, gc=False):
    """The correspondence, MessagePack until something looks at it. due: the earliest instant (ms) at which a candidate
    has to be looked at, 0 = none."""

    due: int
    kept: Kept

    def open(self) -> Correspondence:
        """Raises msgspec.DecodeError, UnicodeDecodeError on what is no such thing."""
        kept = self.kept
        if type(kept) is Correspondence:
            return kept
        opened = self.kept = _decode(kept)  # type: ignore[arg-type]
        return opened
