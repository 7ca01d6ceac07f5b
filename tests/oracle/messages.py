"""Messages and suppressions of one shopper, instant by instant, from the pages alone (semantics.md, 7; readings.md, 46
to 48 and 54; docs/rules.md, "Messages"). Spreads depend on the hashes that ids are: not here.
"""

from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

from tests.oracle import consent, results
from tests.oracle.history import Record
from tests.oracle.links import language
from tests.oracle.nights import quiet_until
from tests.oracle.occasions import SOURCES, asks, words
from tests.oracle.segments import Facts, truth
from tests.oracle.values import DAY, live_from, span
from tests.oracle.ways import Pending, Waiting, channels, quiet_of, reachable, tells_of
from tests.oracle.windows import zone_of

Told = tuple[str, dict[str, Any]]
TOPICS = ("messages", "message-suppressions", *results.TOPICS)


@dataclass(eq=False)
class Place:
    """What counts against caps: a message on a channel."""

    channel: str
    time: int
    of: results.Sent


class Messages:
    def __init__(self, shopper: str, topology: dict[str, Any]) -> None:
        self.topology = topology
        self.results = results.Results(shopper, topology)
        self.settings = topology.get("messaging") or {}
        self.messages: dict[str, Any] = self.settings.get("messages") or {}
        self.waiting: list[Waiting] = []
        self.pending: list[Pending] = []
        self.sent: list[Place] = []
        self.asked = 0
        self.lines: dict[str, list[dict[str, Any]]] = {topic: [] for topic in TOPICS} | self.results.lines
        self.window = span(self.settings.get("arbitration", "60s"))
        self.live_from = live_from(topology)

    def due(self) -> int | None:
        return min([*map(self._due, self.waiting), *map(self._ends, self.pending)], default=None)

    def instant(self, facts: Facts, told: list[Told]) -> None:
        """At an instant of timers: first what is due, then what the other timers ask for."""
        ending = [one for one in self.pending if self._ends(one) <= facts.now]
        self.pending = [one for one in self.pending if one not in ending]
        self._decide(facts, None)
        for one in ending:
            # The first channel with a time, as the message was not opened; those without one are for failures.
            way = list(dropwhile(lambda step: step[1] is None, one.way))
            expiry = self._expiry(one.of)
            if way and (expiry is None or facts.now < expiry):
                self._go_on(one.of, way, one.sent, facts.now)
        self._ask(facts, told, None)

    def meet(self, other: "Messages", renamed: dict[tuple[str, int], int]) -> None:
        """What waits, what may go on and the places in caps are of both. renamed: numbers that theirs have now."""
        for one in (*other.waiting, *(pending.of for pending in other.pending)):
            instance = one.about.get("kind"), one.about.get("instance")
            if one.about["topic"] == "abandonment-triggers" and instance in renamed:
                one.about = {**one.about, "instance": renamed[instance]}
        self.waiting += other.waiting
        self.pending += other.pending
        self.sent = sorted([*self.sent, *other.sent], key=lambda place: place.time)
        self.results.meet(other.results)

    def record(self, facts: Facts, told: list[Told], record: Record) -> None:
        failed = self.results.record(facts, record) if self.messages else None
        self.sent = [one for one in self.sent if one.of is not failed]
        if record.name in ("Message Opened", "Message Clicked"):
            seen = self.results.meant(record.properties.get("message_id"))
            self.pending = [one for one in self.pending if seen not in one.sent]
            for waiting in self.waiting:
                waiting.opened = waiting.opened or seen in waiting.before
        for one in [one for one in self.pending if one.sent[-1] is failed]:
            self.pending.remove(one)
            self._go_on(one.of, one.way, one.sent, facts.now)
        self._ask(facts, told, record)

    def _ends(self, one: Pending) -> int:
        """When it goes on, or is given up."""
        spans = [after for _, after in one.way if after is not None]
        until = one.since + (spans[0] if spans else DAY)
        return min(until, self._expiry(one.of) or until)

    def _go_on(self, one: Waiting, way: list[tuple[str, int | None]], before: list[results.Sent], now: int) -> None:
        self._enter(one.name, one.about, one.since, way, before, now)
        self.waiting[-1].bought = one.bought

    def _due(self, one: Waiting) -> int:
        return min(one.until, self._expiry(one) or one.until)

    def _expiry(self, one: Waiting) -> int | None:
        lasts = self.messages[one.name].get("expires")
        return None if lasts is None else one.since + span(lasts)

    def _ask(self, facts: Facts, told: list[Told], record: Record | None) -> None:
        if facts.now < self.live_from:
            return
        for topic, line in told:
            if topic == "abandonment-triggers" and line["change"] != "abandoned":
                for one in self.waiting:
                    one.bought = one.bought or tells_of(one.about, line)
                self.pending = [each for each in self.pending if not tells_of(each.of.about, line)]
            for name, entry in self.messages.items():
                if topic in SOURCES and asks(entry["on"], topic, line):
                    self._enter(name, {"topic": topic, **line}, facts.now, channels(entry), [], facts.now)
        if record is not None and record.behaviour and not record.copy and not record.late_triggers:
            for name, entry in self.messages.items():
                if entry["on"].get("event") == record.name:
                    about = {"topic": "event", "name": record.name}
                    self._enter(name, about, facts.now, channels(entry), [], facts.now)
        self._decide(facts, record)

    def _enter(
        self,
        name: str,
        about: dict[str, Any],
        since: int,
        way: list[tuple[str, int | None]],
        before: list[results.Sent],
        now: int,
    ) -> None:
        self.asked += 1
        one = Waiting(name, about, since, self.asked, way, before)
        if self.messages[name].get("transactional"):
            one.until, one.in_window = now, False
        else:
            windows = [each.until for each in self.waiting if each.channel == one.channel and each.in_window]
            one.until = windows[0] if windows else now + self.window
        self.waiting.append(one)

    def _decide(self, facts: Facts, record: Record | None) -> None:
        due = [one for one in self.waiting if self._due(one) <= facts.now]
        standing: dict[str, list[Waiting]] = {}
        refused: list[Waiting] = []
        for one in due:
            reason = self._forbidden(one, facts)
            entry = self.messages[one.name]
            if reason:
                self._suppress(one, reason, facts, record)
                if reason in ("consent", "unreachable") and len(one.way) > 1 and not one.opened:
                    refused.append(one)
                if reason == "holdout" and self._pointless(one, facts) is None:
                    self.results.held_back(one.name, entry, one.channel, facts, record)
            elif entry.get("transactional"):
                self._send(one, facts, record)
            else:
                standing.setdefault(one.channel, []).append(one)
        for ones in standing.values():
            best = min(ones, key=lambda one: (-self.messages[one.name].get("priority", 0), one.since, one.order))
            for one in ones:
                if one is not best:
                    self._suppress(one, "lower_priority", facts, record)
            self._send(best, facts, record)
        for one in refused:
            self._go_on(one, one.way[1:], one.before, facts.now)
        if refused:
            self._decide(facts, record)

    def _forbidden(self, one: Waiting, facts: Facts) -> str | None:
        entry = self.messages[one.name]
        channel, transactional = one.channel, entry.get("transactional", False)
        if consent.suppressed(facts.records):
            return "exclusion"
        expiry = self._expiry(one)
        if expiry is not None and facts.now >= expiry:
            return "expired"
        if not self._allowed(channel, transactional, facts):
            return "consent"
        if channel != "on-site" and not reachable(channel, facts):
            return "unreachable"
        if not transactional and self.results.is_held_out:
            return "holdout"
        return self._pointless(one, facts)

    def _pointless(self, one: Waiting, facts: Facts) -> str | None:
        """Why nobody would get it any more."""
        entry = self.messages[one.name]
        if one.about["topic"] == "abandonment-triggers" and (one.bought or self._bought(one, facts)):
            return "recent_purchase"
        if one.opened or self._gone(one, facts) or ("unless" in entry and truth(entry["unless"], facts)):
            return "exclusion"
        return None

    def _allowed(self, channel: str, transactional: bool, facts: Facts) -> bool:
        purpose = "transactional" if transactional else "marketing"
        word = consent.decides(facts.records, self.topology, facts.traits, channel, purpose)
        if word is None:
            return transactional or (self.settings.get("consent") or {}).get("unknown") == "granted"
        return consent.status(word) != "denied"

    def _bought(self, one: Waiting, facts: Facts) -> bool:
        rule = self.topology["abandonment"][one.about["kind"]] or {}
        kind = rule.get("kind", one.about["kind"])
        bought = [order.time for order in facts.orders.values() if order.counts]
        return bool(bought) and facts.now - max(bought) < span(
            rule.get("after_purchase", "10d" if kind in ("browse", "wishlist") else "3d")
        )

    def _gone(self, one: Waiting, facts: Facts) -> bool:
        """Whether what it tells of has passed: the shopper left the segment again, or has another tier."""
        about = one.about
        if about["topic"] == "segment-changes":
            return facts.member(about["segment"]) is not (about["change"] == "entered")
        if about["topic"] == "loyalty-tiers":
            tier = about["from"] if about["change"] == "will_downgrade" else about["to"]
            return bool(facts.standings[about["programme"]][0] != tier)
        return False

    def _send(self, one: Waiting, facts: Facts, record: Record | None) -> None:
        entry, now = self.messages[one.name], facts.now
        channel = one.channel
        room = 0 if entry.get("transactional") else self._room(channel, facts)
        if room is None or (room and room - (one.first_capped or now) > DAY):
            self._suppress(one, "cap", facts, record)
            return
        if room:
            one.first_capped = one.first_capped or now
            self._wait(one, "cap", room, facts, record)
            return
        told = [each for each in facts.records if not each.late_segments]
        zone = zone_of(told, facts.traits, facts.shop.zone)
        hours = None if entry.get("quiet_hours") == "ignore" else self.settings.get("quiet_hours")
        ends = [quiet_until(each, channel, zone, now) for each in (hours, quiet_of(entry.get("send")))]
        if any(end is not None for end in ends):
            self._wait(one, "quiet_hours", max(end for end in ends if end is not None), facts, record)
            return
        self.waiting.remove(one)
        variant = self.results.sent(one.name, entry, channel, facts, record)
        if not entry.get("transactional"):
            self.sent.append(Place(channel, now, self.results.all[-1]))
        if len(one.way) > 1:
            self.pending.append(Pending(one, one.way[1:], [*one.before, self.results.all[-1]], now))
        offer = entry.get("discount")
        spoken = language(facts.records, facts.traits)
        recipient = {"addresses": self._addresses(one, facts), "locale": spoken, "timezone": zone}
        fields = {
            "campaign": entry.get("campaign", one.name),
            "discount": offer.get(variant) if isinstance(offer, dict) else offer,
            "recipient": None if self._refers(entry) else recipient,
            "variant": variant,
            "expires_at": self._expiry(one),
            "priority": entry.get("priority", 0),
            "payload": words(one.about),
        }
        self._line("messages", one, fields, facts, record)

    def _refers(self, entry: dict[str, Any]) -> bool:
        return bool(entry.get("payload", self.settings.get("payload")) == "reference")

    def _addresses(self, one: Waiting, facts: Facts) -> list[str]:
        transactional = self.messages[one.name].get("transactional", False)
        purpose = "transactional" if transactional else "marketing"
        known = transactional or (self.settings.get("consent") or {}).get("unknown") == "granted"
        return consent.addresses(facts.records, self.topology, facts.traits, one.channel, purpose, known)

    def _room(self, channel: str, facts: Facts) -> int | None:
        """0: there is room; else when there will be; None: it may not wait for it."""
        word = consent.decides(facts.records, self.topology, facts.traits, channel, "marketing")
        free = 0
        for cap in self.settings.get("caps") or []:
            if cap["channel"] != channel:
                continue
            per = span(cap["per"]) * (2 if consent.status(word) == "reduced" else 1)
            times = [one.time for one in self.sent if one.channel == channel and facts.now - one.time < per]
            if len(times) >= cap["at_most"]:
                if cap.get("over", "drop") == "drop":
                    return None
                # The first of these instants at which so few are left that one more may come.
                ends = sorted(time + per for time in times)
                free = max(free, next(end for end in ends if sum(one > end for one in ends) < cap["at_most"]))
        return free

    def _wait(self, one: Waiting, reason: str, until: int, facts: Facts, record: Record | None) -> None:
        one.until, one.in_window = until, False
        self._line("message-suppressions", one, {"reason": reason, "until": until}, facts, record)

    def _suppress(self, one: Waiting, reason: str, facts: Facts, record: Record | None) -> None:
        self.waiting.remove(one)
        self._line("message-suppressions", one, {"reason": reason, "until": None}, facts, record)

    def _line(self, topic: str, one: Waiting, fields: dict[str, Any], facts: Facts, record: Record | None) -> None:
        cause = record.message_id if record else None
        step = len(channels(self.messages[one.name])) - len(one.way) + 1
        line = {"effective_at": facts.now, "cause": cause, "message": one.name, "channel": one.channel, "step": step}
        self.lines[topic].append({**line, **fields})
