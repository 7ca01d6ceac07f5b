"""The oracle: raw client calls and a topology in, the expected lines of every output topic out."""

from dataclasses import dataclass, field, replace
from typing import Any

from tests.oracle import consent, messages
from tests.oracle.abandonment import Abandonment
from tests.oracle.carts import payload
from tests.oracle.endings import Life, digest, may_end
from tests.oracle.history import Record, admit, read, visits
from tests.oracle.holds import Hold
from tests.oracle.loyalty import Letter, Programme
from tests.oracle.screening import Pace
from tests.oracle.segments import Facts, computed, critical, referred, scores, stage, truth, windows
from tests.oracle.traits import Traits, midnight, months
from tests.oracle.values import instant, live_from, rfc3339
from tests.oracle.windows import turns

TOPICS = (
    "segment-changes",
    "abandonment-triggers",
    "loyalty-tiers",
    "loyalty-points",
    "journey-changes",
    "trait-changes",
    "consent-changes",
)


REWARD_TOPICS = ("redemption-rejected", "reward-available")


def topics_of(topology: dict[str, Any]) -> tuple[str, ...]:
    rewards = REWARD_TOPICS if topology.get("loyalty") else ()
    identities = ("identity-changes",) if "identity" in topology else ()
    endings = ("erasures",) if may_end(topology) else ()
    return (*TOPICS, *rewards, *(messages.TOPICS if "messaging" in topology else ()), *identities, *endings)


OPENING = ("Points Adjusted", "Tier Granted", "Tier Locked", "Tier Unlocked")


@dataclass
class Verdict:
    """What must come out. topics: lines without id, definition, decided_at and source. dead: (index, reason)."""

    topics: dict[str, list[dict[str, Any]]]
    dead: list[tuple[int, str]] = field(default_factory=list)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)


class History:
    """One shopper: all records so far, and the rules that step along with them."""

    def __init__(self, shopper: str, topology: dict[str, Any]) -> None:
        self.shopper = shopper
        self.topology = topology
        self.records: list[Record] = []
        self.now = -1
        self.begun = False
        self.members: dict[str, tuple[bool, int]] = {}
        self.changes: list[dict[str, Any]] = []
        self.stage: str | None = None
        self.stages: list[dict[str, Any]] = []
        self.traits = Traits(topology)
        self.consents: list[dict[str, Any]] = []
        self.months = list(months(self.traits.zone)) if "'month'" in repr(topology) else []
        segments = topology.get("segments") or {}
        self.holds = {name: Hold(entry["hold"]) for name, entry in segments.items() if entry.get("hold")}
        self.abandonment = Abandonment(topology)
        self.programmes = [Programme(name, entry, topology) for name, entry in (topology.get("loyalty") or {}).items()]
        self.windows = windows(topology) | {one.window for one in self.programmes if one.window}
        self.messages = messages.Messages(shopper, topology)
        self.pending: set[int] = set()
        self.pace, self.dropped = Pace(topology), list[Record]()

    def lines(self) -> dict[str, list[dict[str, Any]]]:
        """Of every topic, so far."""
        return {
            "segment-changes": self.changes,
            "abandonment-triggers": self.abandonment.lines,
            "loyalty-tiers": [line for one in self.programmes for line in one.tiers],
            "journey-changes": self.stages,
            "trait-changes": self.traits.lines,
            "consent-changes": self.consents,
            "redemption-rejected": [line for one in self.programmes for line in one.redemptions.rejected],
            "reward-available": [line for one in self.programmes for line in one.redemptions.available],
            "loyalty-points": [line for one in self.programmes for line in one.points],
        }

    def known(self) -> set[int]:
        """Which lines there are, if anybody asks."""
        return {id(line) for lines in self.lines().values() for line in lines} if self.messages.messages else set()

    def fresh(self, known: set[int]) -> list[tuple[str, dict[str, Any]]]:
        """Lines that are not among the known, as (topic, line); silent ones ask for nothing."""
        if not self.messages.messages:
            return []
        told = ((topic, line) for topic, lines in self.lines().items() for line in lines if id(line) not in known)
        return [(topic, line) for topic, line in told if not self.silent(topic, line)]

    def following(self, until: int) -> int | None:
        """The next instant up to `until` at which anything may change without a record."""
        dues = [self.abandonment.due(), self.messages.due(), *(due for one in self.programmes for due in one.dues())]
        dues += [hold.due(self.members.get(name, (False, 0))[0]) for name, hold in self.holds.items()]
        instants = [*self.pending, *(one for one in dues if one is not None)]
        return min((one for one in instants if self.now < one <= until), default=None)

    def advance(self, until: int) -> None:
        """Look at every instant up to `until` at which anything may change without a record."""
        while self.begun and (instant := self.following(until)) is not None:
            self.now = instant
            self.pending = {one for one in self.pending if one > self.now}
            facts, known = Facts(self.records, self.topology, self.now), self.known()
            for programme in self.programmes:
                programme.fire(facts)
            self.segments(facts, None)
            self.abandonment.fire(facts)
            self.messages.instant(facts, self.fresh(known))

    def facts(self, now: int) -> Facts:
        """What is known at `now`, up to which time has passed; memberships as holds have damped them."""
        facts = Facts(self.records, self.topology, now)
        facts.members = {name: self.members.get(name, (False, 0))[0] for name in self.topology.get("segments") or {}}
        facts.standings = {one.name: one.standing for one in self.programmes}
        return facts

    def apply(self, record: Record) -> str | None:
        """Timers first, then the record (readings.md, 3). Returns the reason it is a dead letter for, if it is one."""
        self.advance(record.received)
        self.now = record.received
        refused = admit(self.dropped, record) or admit(self.records, record)
        if refused:
            return refused
        if self.pace.leaves_out(record.name, record.time):
            self.dropped.append(record)
            return "duplicate"
        self.begun = True
        earlier = list(self.records)
        self.records.append(record)
        self.pending |= critical([record], self.windows) | turns(self.records, self.topology, self.now)
        if self.traits.daily:
            self.pending |= {midnight(one, self.traits.zone) for one in (*self.pending, self.now)}
        if self.months:
            self.pending |= {begin for begin in self.months if begin > self.now}
        facts, known = Facts(self.records, self.topology, self.now), self.known()
        if consent.told(self.topology):
            self.consents += consent.changes(earlier, record, self.topology, len(self.consents))
        for programme in self.programmes:
            programme.record(record, facts, Facts(earlier, self.topology, self.now))
        self.segments(facts, record)
        self.abandonment.record(record, earlier, facts)
        self.messages.record(facts, self.fresh(known), record)
        return "late" if record.late_segments else None

    def referrer(self, record: Record) -> str | None:
        """Who referred the shopper of the record, by what it says."""
        return next((one for each in self.programmes if (one := each.bonuses.referrer(record)) is not None), None)

    def referred(self, record: Record) -> None:
        """A friend's record that names this shopper: the friend's behaviour, and only the programmes' business."""
        self.advance(record.received)
        self.now, self.begun = record.received, True
        facts, known = Facts(self.records, self.topology, self.now), self.known()
        for programme in self.programmes:
            programme.referred(record, facts)
        self.segments(facts, record)
        self.messages.record(facts, self.fresh(known), record)

    def letters(self) -> list[Letter]:
        """What this record has to tell others, once."""
        found = [letter for programme in self.programmes for letter in programme.letters]
        for programme in self.programmes:
            programme.letters = []
        return found

    def heard(self, letter: Letter, record: Record) -> None:
        """record: of the friend, that it comes of."""
        self.advance(record.received)
        self.now = record.received
        known = self.known()
        facts, cause = Facts(self.records, self.topology, self.now), replace(record, message_id=letter.message_id)
        for programme in self.programmes:
            if programme.name == letter.programme:
                programme.heard(letter, facts)
        self.segments(facts, cause)
        self.messages.record(facts, self.fresh(known), cause)

    def segments(self, facts: Facts, record: Record | None) -> None:
        facts.standings = {one.name: one.standing for one in self.programmes}
        segments = self.topology.get("segments") or {}
        waiting = list(segments)
        while waiting:
            # A segment comes after those it names, as it is asked of their damped membership.
            name = next(one for one in waiting if referred(segments[one]["when"], self.topology).isdisjoint(waiting))
            waiting.remove(name)
            member, sequence = self.members.get(name, (False, 0))
            belongs = truth(segments[name]["when"], facts)
            if name in self.holds:
                belongs = self.holds[name].damped(member, belongs, facts.now)
            facts.members[name] = belongs
            if belongs != member:
                self.members[name] = (not member, sequence + 1)
                self.changes.append(
                    {
                        "effective_at": facts.now,
                        "cause": record.message_id if record else None,
                        "segment": name,
                        "change": "exited" if member else "entered",
                        "sequence": sequence + 1,
                    }
                )

        if stage(facts) != self.stage:
            before, self.stage = self.stage, stage(facts)
            self.stages.append(
                {
                    "effective_at": facts.now,
                    "cause": record.message_id if record else None,
                    "from": before,
                    "to": self.stage,
                    "sequence": len(self.stages) + 1,
                }
            )

        self.traits.look(facts, record)

    def silent(self, topic: str, line: dict[str, Any]) -> bool:
        """Whether it is history, or comes of an opening balance or tier; messages are never silent."""
        if line.get("ends") or line.get("silently") or line["effective_at"] < live_from(self.topology):
            return True
        opening = {
            one.message_id
            for one in self.records
            if one.name in OPENING and one.properties.get("silent") is True and self.programmes
        }
        return line["cause"] in opening and topic not in messages.TOPICS

    def profile(self) -> dict[str, Any]:
        facts = Facts(self.records, self.topology, self.now)
        counted = [order for order in facts.orders.values() if order.counts]
        return {
            "segments": sorted(name for name, (member, _) in self.members.items() if member),
            "traits": facts.traits,
            "stage": self.stage,
            "computed": {name: computed(name, facts) for name in self.topology.get("traits") or {}},
            "rfm": scores(facts) if "rfm" in self.topology else {},
            "orders": {
                "count": len(counted),
                "value": facts.shop.money(sum(order.value for order in counted)),
                "net": facts.shop.money(sum(order.net for order in counted)),
            },
            "cart": payload(facts.open_lines(), facts.shop),
            "sessions": visits(self.records),
            "loyalty": {
                one.name: dict(zip(("tier", "balance"), one.standing, strict=True))
                for one in self.programmes
                if one.standing[0] is not None
            },
        }


def expect(events: list[dict[str, Any]], topology: dict[str, Any], until: str | int | None = None) -> Verdict:
    """What replaying `events` under `topology` up to `until` must say."""
    end = instant(until) if until is not None else None
    records, refused = read(events, topology, end)
    verdict = Verdict({topic: [] for topic in topics_of(topology)}, dead=list(refused))
    shoppers: dict[str, Shopper] = {}
    for record in records:
        shopper = shoppers.setdefault(record.shopper, Shopper(record.shopper, topology))
        reason = shopper.apply(record)
        if reason and reason != "duplicate":
            verdict.dead.append((record.index, reason))
        # Intake, which forwards a friend's record, knows of no erasure.
        referrer = shopper.history.referrer(record) if reason in (None, "late") else None
        if referrer is not None:
            shoppers.setdefault(referrer, Shopper(referrer, topology)).referred(record)
        for letter in shopper.history.letters():
            shoppers.setdefault(letter.referrer, Shopper(letter.referrer, topology)).heard(letter, record)
    last = records[-1].received if records else 0
    for shopper in shoppers.values():
        shopper.advance(max(end or last, last))
        shopper.collect(verdict)
    verdict.dead.sort()
    return verdict


class Shopper:
    """The histories of one id, of which only the last one goes on."""

    def __init__(self, shopper: str, topology: dict[str, Any]) -> None:
        self.shopper, self.topology = shopper, topology
        self.life = Life(shopper, topology)
        self.history = History(shopper, topology)
        self.ended: list[History] = []

    def apply(self, record: Record) -> str | None:
        self.advance(record.received)
        if self.life.erases_with(record):
            self.life.erase(record)
            self._end()
            return None
        if self.life.drops(record):
            return None
        reason = self.history.apply(record)
        if reason in (None, "late"):
            self.life.seen = record.received
        return reason

    def referred(self, record: Record) -> None:
        self.advance(record.received)
        erased_at = self.life.erased_at
        if erased_at is None or (record.time > erased_at and not self.life.suppressed):
            if not self.history.begun:
                self.life.seen = record.received
            self.history.referred(record)

    def heard(self, letter: Letter, record: Record) -> None:
        self.advance(record.received)
        if not self.life.suppressed and record.received > (self.life.erased_at or 0):
            if not self.history.begun:
                self.life.seen = record.received
            self.history.heard(letter, record)

    def advance(self, until: int) -> None:
        expires = self.life.expires()
        if expires is not None and expires <= until:
            self.history.advance(expires)
            for name, (member, sequence) in self.history.members.items():
                if member:
                    change = {"segment": name, "change": "exited", "sequence": sequence + 1, "ends": True}
                    self.history.changes.append({"effective_at": expires, "cause": None, **change})
            self.life.expire(expires)
            self._end()
        self.history.advance(until)

    def _end(self) -> None:
        self.ended.append(self.history)
        self.history = History(self.shopper, self.topology)

    def collect(self, verdict: Verdict) -> None:
        for history in [*self.ended, self.history]:
            collect(verdict, history)
        if not self.history.begun:
            verdict.profiles.pop(self.shopper, None)
        for line in self.life.receipts if "erasures" in verdict.topics else ():
            silent = line["effective_at"] < live_from(self.topology)
            verdict.topics["erasures"].append(
                finished({**line, "ends": True}, digest(self.topology, self.shopper), silent)
            )
        if "erasures" in verdict.topics:
            verdict.topics["erasures"].sort(key=lambda line: (line["effective_at"], line["shopper"]))


def collect(verdict: Verdict, history: History) -> None:
    lines = {**history.lines(), **history.messages.lines}
    for topic in verdict.topics.keys() - {"erasures", "identity-changes"}:
        found = lines[topic]
        verdict.topics[topic].extend(finished(line, history.shopper, history.silent(topic, line)) for line in found)
        verdict.topics[topic].sort(key=lambda line: (line["effective_at"], line["shopper"]))
    verdict.profiles[history.shopper] = history.profile()


def finished(line: dict[str, Any], shopper: str, silent: bool) -> dict[str, Any]:
    cause = line["cause"]
    done = {
        **line,
        "shopper": shopper,
        "silent": silent,
        "cause": {"kind": "timer" if cause is None else "event", "message_id": cause},
    }
    if done.pop("ends", False):
        done["cause"]["kind"] = "erasure"
    done["cause"]["kind"] = done.pop("through", done["cause"]["kind"])
    done.pop("silently", None)
    for name in (
        "effective_at",
        "abandoned_since",
        "valid_until",
        "expires_at",
        "said_at",
        "until",
        "happened_at",
        "requested_at",
    ):
        if isinstance(done.get(name), int):
            done[name] = rfc3339(done[name])
    return done
