"""What a shopper's record holds of identity: its devices, whose it has become, and what waits meanwhile."""

import msgspec

AWAITED, ATTACHED, PASSED, REFUSED = range(4)
"""States of a device: its state is on its way; it is this shopper's; it was another's by a later claim, and may be this
one's by one that is later still; it was not taken."""


class Device(msgspec.Struct, array_like=True, gc=False):
    """An anonymous id that this shopper was seen with first at `since` (ms). state: see above."""

    id: str
    state: int
    since: int


class Held(msgspec.Struct, array_like=True, gc=False):
    """Something that came while the record waited. now: ms, its received time as raised. place: of its record in the
    source. value: as it came, see letter.py."""

    now: int
    place: int
    value: bytes


class Pending(msgspec.Struct, array_like=True, gc=False):
    """What the record waits for. peer: the device whose state is to come, if it `awaits` one; else the user to whom its
    own state went, as merge `merge`, for a claim of event time `claimed` (ms). now: ms, the instant of the merge. held:
    in order of arrival, of `size` bytes."""

    peer: str
    awaits: bool
    now: int
    merge: str = ""
    held: list[Held] = []
    size: int = 0
    claimed: int = 0


class IdentityBook(msgspec.Struct, array_like=True, gc=False):
    """alias: the user that this anonymous id has become, "" of who is a shopper, by the claim of event time `claimed`
    (ms). devices: of a user, in the order in
    which they were seen. declined: users that did not take this device, the latest."""

    alias: str = ""
    devices: list[Device] = []
    pending: Pending | None = None
    declined: list[str] = []
    claimed: int = 0

    def device(self, device_id: str) -> Device | None:
        for device in self.devices:
            if device.id == device_id:
                return device
        return None

    def has_room(self, most: int) -> bool:
        """Whether another device may become this shopper's, of `most`."""
        return sum(device.state != REFUSED for device in self.devices) < most

    @property
    def rests(self) -> bool:
        """Whether the record decides nothing for now: it waits, or it is an alias."""
        return self.pending is not None or bool(self.alias)
