"""The base of every block of the topology: it knows its keys, and the ones that are still to come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationInfo, model_validator

from pipeline.config.problem import Place, nearest
from pipeline.config.source import Block

NOT_YET = "not supported yet"


@dataclass(slots=True)
class Reading:
    """What validators need beyond the value in hand.

    currency: the shop's (ISO 4217), in which money is written. timezone: the shop's (IANA). aliases: this shop's event
    name -> standard name.
    found: problems that are no mistake of one value's type, as (place, message, nearest known word).
    """

    currency: str = "EUR"
    timezone: str = "UTC"
    aliases: Mapping[str, str] = field(default_factory=dict)
    found: list[tuple[Place, str, str | None]] = field(default_factory=list)


def later(*words: str) -> Any:
    """A validator that tells words of the language that are still to come from unknown ones."""

    def refuse(value: Any) -> Any:
        if isinstance(value, str) and value in words:
            raise ValueError(f"{value} is {NOT_YET}")
        return value

    return refuse


class Entry(BaseModel):
    """A block of keys. Keys in `later_keys` belong to the language but not to this version, and are refused as such.

    Problems are reported to the Reading in the validation context, so that one mistake does not hide another.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    later_keys: ClassVar[tuple[str, ...]] = ()
    key_noun: ClassVar[str] = "key"

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        # Pydantic calls this twice for a recursive model; the second time with what the first one sifted.
        if not isinstance(data, Block) or data.sifted or not isinstance(info.context, Reading):
            return handler(data)
        found = info.context.found
        kept = Block({key: value for key, value in data.items() if cls._takes(data, key, found)})
        kept.place, kept.sifted = data.place, True
        entry = handler(kept)
        for at, message in entry.mistakes(data, info.context):
            found.append((data.place + at, message, None))
        return entry

    @classmethod
    def _takes(cls, data: Block, key: str, found: list[tuple[Place, str, str | None]]) -> bool:
        place = (*data.place, key)
        keys = cls.keys()
        if key in cls.later_keys:
            found.append((place, NOT_YET, None))
        elif key not in keys:
            found.append((place, f"unknown {cls.key_noun}", nearest(key, keys)))
        elif data[key] is None:
            found.append((place, "has no value, give it one or leave the key out", None))
        else:
            return True
        return False

    @classmethod
    def keys(cls) -> dict[str, str]:
        """Keys as written in the file -> names of fields."""
        return {info.alias or name: name for name, info in cls.model_fields.items()}

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        """Contradictions among keys that are right each for itself, as (place below this block, what to do).

        given: the block as written, for messages. reading: what else is known of the file.
        """
        return iter(())
