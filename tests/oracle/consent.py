"""What was said of consent, by going through all of it each time (readings.md, 29; docs/rules.md, "Consent")."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tests.oracle.history import Record
from tests.oracle.sides import folded

FEEDBACK = {
    "Email Unsubscribed": ("email", "opt_out"),
    "Email Marked as Spam": ("email", "complaint"),
    "Email Bounced": ("email", "hard_bounce"),
    "SMS Opted Out": ("sms", "opt_out"),
    "Push Unsubscribed": ("push", "opt_out"),
}
STATUS = {
    "opt_in": "granted",
    "reduced": "reduced",
    "opt_out": "denied",
    "complaint": "denied",
    "hard_bounce": "denied",
}
STRENGTH = list(STATUS)
BEST_FIRST = ["granted", "reduced", "denied", "unknown"]


@dataclass(frozen=True)
class Said:
    """address None: of all; channel None: of all, a category; purpose None: of all, a bounce."""

    time: int
    channel: str | None
    purpose: str | None
    address: str | None
    reason: str

    @property
    def rank(self) -> tuple[int, int]:
        return self.time, STRENGTH.index(self.reason)

    @property
    def about(self) -> tuple[str | None, str | None, str | None]:
        return self.channel, self.purpose, self.address


def spelled(channel: str, address: Any) -> str | None:
    text = str(address).strip()
    if channel == "email":
        text = text.lower()
    if channel == "sms":
        digits = "".join(one for one in text if one in "0123456789")
        text = "+" + digits if text.startswith("+") else "+" + digits[2:] if digits.startswith("00") else digits
    return text or None


def said(record: Record, topology: dict[str, Any]) -> list[Said]:
    """What the event says itself, then what its context does."""
    word = spoken(record) if record.type == "track" else None
    return [*([word] if word else []), *stamped(record, topology)]


def spoken(record: Record) -> Said | None:
    given = record.properties
    if record.name == "Consent Changed":
        words = {"granted": "opt_in", "denied": "opt_out", "reduced": "reduced"}
        channel, reason = given.get("channel"), words.get(str(given.get("status")).lower())
        if reason is None or not isinstance(channel, str):
            return None
        channel = channel.lower()
    elif record.name in FEEDBACK:
        channel, reason = FEEDBACK[record.name]
        if reason == "hard_bounce" and str(given.get("bounce_type")).lower() != "hard":
            return None
    else:
        return None
    field = {"email": "email", "sms": "phone", "push": "token"}.get(channel, "address")
    address = given.get("address", given.get(field))
    purpose = None if reason == "hard_bounce" else given.get("purpose", "marketing").lower()
    return Said(record.time, channel, purpose, spelled(channel, address) if address else None, reason)


def stamped(record: Record, topology: dict[str, Any]) -> list[Said]:
    settings = (topology.get("messaging") or {}).get("consent") or {}
    preferences = (record.context.get("consent") or {}).get("categoryPreferences") or {}
    answers: dict[str, list[bool]] = {}
    for category, purpose in (settings.get("categories") or {}).items():
        if isinstance(preferences.get(category), bool):
            answers.setdefault(purpose, []).append(preferences[category])
    return [
        Said(record.time, None, purpose, None, "opt_in" if all(each) else "opt_out")
        for purpose, each in sorted(answers.items())
    ]


Stands = dict[tuple[str | None, str | None, str | None], Said]


def stands_of(records: list[Record], topology: dict[str, Any]) -> Stands:
    """The word that stands on each (channel, purpose, address) after all that was said."""

    def hear(stands: Stands, record: Record) -> None:
        for one in said(record, topology):
            stands[one.about] = max(one, stands.get(one.about, one), key=lambda word: word.rank)

    return folded(records, dict, hear, lambda ours, theirs, _: ours.update(agreed(ours, theirs)))


def agreed(ours: Stands, theirs: Stands) -> Stands:
    """Of two words the later; of marketing what forbids more, unless the later one is an explicit opting in."""
    found = {}
    for about, word in theirs.items():
        earlier, later = sorted((ours.get(about, word), word), key=lambda one: one.rank)
        explicit = later.reason == "opt_in" and later.channel is not None
        milder = STRENGTH.index(later.reason) < STRENGTH.index(earlier.reason)
        yields = milder and not explicit and later.purpose in ("marketing", None)
        found[about] = earlier if yields else later
    return found


def decides(
    records: list[Record], topology: dict[str, Any], traits: dict[str, Any], channel: str, purpose: str
) -> Said | None:
    """The word that a message of a purpose on a channel has to heed; of several devices, of the best to reach."""
    stands = stands_of(records, topology).values()
    known: list[str | None] = list(devices(records)) if channel == "push" else owned(traits, channel)
    words = [heeded(list(stands), channel, purpose, one) for one in known or [None]]
    return min(words, key=lambda word: BEST_FIRST.index(status(word)))


def addresses(
    records: list[Record], topology: dict[str, Any], traits: dict[str, Any], channel: str, purpose: str, unknown: bool
) -> list[str]:
    """The addresses that may be written to, as they were told. unknown: whether where nothing was said."""
    stands = list(stands_of(records, topology).values())
    known = devices(records) if channel == "push" else []
    own = traits.get({"email": "email", "sms": "phone"}.get(channel, ""))
    if isinstance(own, str | int) and not isinstance(own, bool) and str(own).strip():
        known = [str(own).strip()]
    words = [(one, status(heeded(stands, channel, purpose, spelled(channel, one)))) for one in known]
    return [one for one, word in words if word in ("granted", "reduced") or (unknown and word == "unknown")]


def suppressed(records: list[Record]) -> bool:
    """Whether the shopper gets nothing at all: the latest word by event time, of two at once the stricter."""
    kinds = {"Shopper Suppressed": True, "Shopper Unsuppressed": False}

    def hear(words: list[tuple[int, bool]], record: Record) -> None:
        if record.type == "track" and record.name in kinds:
            words[:] = [max([*words, (record.time, kinds[record.name])])]

    def meet(ours: list[tuple[int, bool]], theirs: list[tuple[int, bool]], _: Record) -> None:
        # Of two that differ the one that forbids: nobody has opted in to anything by it.
        ours[:] = sorted([*ours, *theirs], key=lambda word: (word[1], word[0]))[-1:]

    return any(forbids for _, forbids in folded(records, list, hear, meet))


def owned(traits: dict[str, Any], channel: str) -> list[str | None]:
    trait = traits.get({"email": "email", "sms": "phone"}.get(channel, ""))
    address = spelled(channel, trait) if isinstance(trait, str | int) and not isinstance(trait, bool) else None
    return [address] if address else []


def devices(records: list[Record]) -> list[str]:
    """Push tokens, the one seen last first."""
    seen: dict[str, int] = {}
    for record in records:
        token = (record.context.get("device") or {}).get("token")
        if token:
            seen[token] = max(record.time, seen.get(token, record.time))
    return sorted(seen, key=lambda token: (-seen[token], token))


def heeded(stands: list[Said], channel: str, purpose: str, address: str | None) -> Said | None:
    words = [
        one
        for one in stands
        if one.channel == channel and one.purpose in (purpose, None) and one.address in (address, None)
    ]
    word = max(words, key=lambda one: one.rank, default=None)
    category = next((one for one in stands if one.channel is None and one.purpose == purpose), None)
    if category is not None and (word is None or (category.reason == "opt_out" and word.rank < category.rank)):
        return category
    return word


def status(word: Said | None) -> str:
    return "unknown" if word is None else STATUS[word.reason]


def holds(form: dict[str, Any], word: Said | None) -> bool:
    found = status(word)
    return form["is"] in ({"reduced", "granted"} if found == "reduced" else {found})


def told(topology: dict[str, Any]) -> bool:
    """Whether anything asks for consent."""
    return "messaging" in topology or "'consent': {'channel'" in str(topology)


def changes(earlier: list[Record], record: Record, topology: dict[str, Any], told: int) -> list[dict[str, Any]]:
    """Lines of `consent-changes` for a record. told: how many there were before it."""
    stands = stands_of(earlier, topology)
    lines: list[dict[str, Any]] = []
    for one in said(record, topology):
        before = stands.get(one.about)
        after = stands[one.about] = max(one, before or one, key=lambda word: word.rank)
        if status(before) != status(after):
            lines.append(line_of(before, after, record.received, told + len(lines) + 1))
            lines[-1]["cause"] = record.message_id
    return lines


def line_of(before: Said | None, after: Said, now: int, sequence: int) -> dict[str, Any]:
    return {
        "effective_at": now,
        "cause": None,
        "channel": after.channel,
        "purpose": after.purpose,
        "address": digest(after.address),
        "before": status(before) if before else None,
        "after": status(after),
        "reason": after.reason if after.channel else "category",
        "said_at": after.time,
        "sequence": sequence,
    }


def digest(address: str | None) -> str | None:
    return sha256(address.encode()).hexdigest() if address else None


def met(ours: list[Record], theirs: list[Record], topology: dict[str, Any], known: set[str | None], now: int, told: int
) -> list[dict[str, Any]]:  # fmt: skip
    """Lines of `consent-changes` as two sides meet. known: addresses that the profile tells; others are not told."""
    before, after = stands_of(ours, topology), agreed(stands_of(ours, topology), stands_of(theirs, topology))
    lines: list[dict[str, Any]] = []
    for about in sorted(after, key=lambda one: (one[0] or "", one[1] or "", (digest(one[2]) or "")[:16])):
        if status(before.get(about)) != status(after[about]):
            lines.append(line_of(before.get(about), after[about], now, told + len(lines) + 1))
            lines[-1]["address"] = lines[-1]["address"] if about[2] in known else None
    return lines
