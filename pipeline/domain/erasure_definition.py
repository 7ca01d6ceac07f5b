"""What a topology says of erasing shoppers. Part of `definition.py`."""

from dataclasses import dataclass, field

SHOPPER_ERASED = "Shopper Erased"
"""The event by which an administrator has all that is known of a shopper erased."""


@dataclass(frozen=True, slots=True)
class ErasureDefinition:
    """`erasure`. pepper: secret of the digests that stand for erased ids. return_by: names of the events that let an
    erased shopper in again; none does if it is empty."""

    pepper: str = field(default="", repr=False)
    return_by: frozenset[str] = frozenset()
