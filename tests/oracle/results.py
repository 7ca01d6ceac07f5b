"""What comes of messages, and who takes part in experiments: of one shopper, from docs/rules.md ("Results of messages",
"Experiments") alone."""

from dataclasses import dataclass, field
from typing import Any

import xxhash

from tests.oracle.history import Lateness, Record
from tests.oracle.orders import amount
from tests.oracle.segments import Facts
from tests.oracle.values import DAY, span

TOPICS = ("message-results", "experiment-exposures")
FEEDBACK = {f"Message {result.capitalize()}": result for result in ("sent", "delivered", "opened", "clicked", "failed")}
MOST = 50


def place(topology: dict[str, Any], salt: str, shopper: str) -> int:
    parts = (topology.get("name", "oracle"), salt, shopper)
    return xxhash.xxh3_64("".join(f"{len(one)}:{one}" for one in parts).encode()).intdigest() % 10_000


def range_of(shares: dict[str, Any], at: int) -> str | None:
    """Whose range it is: ranges stand in order of the name."""
    end = 0
    for name in sorted(shares):
        end += round(shares[name] * 100)
        if at < end:
            return name
    return None


@dataclass(eq=False)
class Sent:
    """A message that was sent, or would have been if its shopper were not held out."""

    name: str
    channel: str
    variant: str | None
    since: int
    until: int
    held_out: bool
    exposed: bool
    told: set[str] = field(default_factory=set)


class Results:
    def __init__(self, shopper: str, topology: dict[str, Any]) -> None:
        self.shopper, self.topology = shopper, topology
        self.settings = topology.get("messaging") or {}
        self.late = Lateness(topology).triggers
        self.all: list[Sent] = []
        self.held: list[Sent] = []
        self.control: bool | None = None
        # By experiment, what the shopper got first: a variant, "" of none, "*" of one that was held back.
        self.arms: dict[str, str] = {}
        self.lines: dict[str, list[dict[str, Any]]] = {topic: [] for topic in TOPICS}

    @property
    def is_held_out(self) -> bool:
        """Drawn when it is first asked."""
        holdout = self.settings.get("holdout")
        if holdout is not None and self.control is None:
            at = place(self.topology, f"holdout:{holdout['salt']}", self.shopper)
            self.control = at < round(holdout["percent"] * 100)
        return bool(self.control)

    def layer(self, name: str) -> str | None:
        return next((one for one, shares in (self.settings.get("layers") or {}).items() if name in shares), None)

    def takes_part(self, name: str, entry: dict[str, Any]) -> bool:
        if not entry.get("variants") and (entry.get("transactional") or "holdout" not in self.settings):
            return False
        campaign = entry.get("campaign", name)
        layer = self.layer(campaign)
        if layer is None:
            return True
        begun = [one for one in self.settings["layers"][layer] if one in self.arms]
        at = place(self.topology, f"layer:{layer}", self.shopper)
        return (min(begun) if begun else range_of(self.settings["layers"][layer], at)) == campaign

    def sent(self, name: str, entry: dict[str, Any], channel: str, facts: Facts, record: Record | None) -> str | None:
        """A message goes; its variant."""
        variant, campaign, exposed = None, entry.get("campaign", name), False
        if self.takes_part(name, entry):
            if entry.get("variants"):
                at, known = place(self.topology, f"variant:{campaign}", self.shopper), self.arms.get(campaign)
                variant = known if known in entry["variants"] else range_of(entry["variants"], at)
            exposed = self.arms.get(campaign) != (variant or "")
            self.arms[campaign] = variant or ""
        one = self._begin(name, entry, channel, variant, facts, record, held_out=False, exposed=exposed)
        self.all.append(one)
        return variant

    def held_back(self, name: str, entry: dict[str, Any], channel: str, facts: Facts, record: Record | None) -> None:
        """A message would go, but for the holdout."""
        if self.takes_part(name, entry) and entry.get("campaign", name) not in self.arms:
            self.arms[entry.get("campaign", name)] = "*"
            self._begin(name, entry, channel, None, facts, record, held_out=True, exposed=True)

    def meet(self, other: "Results") -> None:
        """Variants and holdout are ours, and theirs where we had none."""
        self.control = other.control if self.control is None else self.control
        self.arms = other.arms | self.arms
        for name in ("all", "held"):
            setattr(self, name, sorted([*getattr(self, name), *getattr(other, name)], key=lambda one: one.since))

    def _begin(
        self,
        name: str,
        entry: dict[str, Any],
        channel: str,
        variant: str | None,
        facts: Facts,
        record: Record | None,
        held_out: bool,
        exposed: bool,
    ) -> Sent:
        until = facts.now + self.lasts(entry, channel)
        one = Sent(name, channel, variant, facts.now, until, held_out, exposed)
        if exposed:
            self._participation(one, "exposed", {"happened_at": facts.now}, facts, record)
        self.held = [*self.known(facts.now), one][-MOST:]
        return one

    def lasts(self, entry: dict[str, Any], channel: str) -> int:
        if "attribution" in entry:
            return span(entry["attribution"])
        if "abandonment" in entry["on"]:
            rule = self.topology["abandonment"][entry["on"]["abandonment"]] or {}
            return span(rule.get("recovered_within", "5d"))
        return 5 * DAY if channel == "email" else DAY

    def known(self, now: int) -> list[Sent]:
        return [one for one in self.held if now <= one.until + self.late]

    def record(self, facts: Facts, record: Record) -> Sent | None:
        """The message that is said to have failed, known or not."""
        failed = None
        if record.name in FEEDBACK:
            one = self.meant(record.properties.get("message_id"))
            if one is not None and one in self.known(facts.now):
                self._result(one, FEEDBACK[record.name], {"happened_at": record.time}, facts, record)
            failed = one if record.name == "Message Failed" else None
        if record.name == "Order Completed" and not record.copy and not record.late_triggers:
            self._ordered(facts, record)
        return failed

    def meant(self, words: Any) -> Sent | None:
        """`reminder` or `reminder 2`: the first, the second message of that name."""
        name, _, number = str(words).partition(" ")
        ones = [one for one in self.all if one.name == name]
        at = int(number or 1) - 1
        return ones[at] if at < len(ones) else None

    def _ordered(self, facts: Facts, record: Record) -> None:
        order = facts.orders[record.order_id or record.message_id]
        if order.cancelled:
            return
        worth, _ = amount(record, facts.shop)
        revenue = None if worth is None and order.updated is None else facts.shop.money(order.value)
        before = [one for one in self.known(facts.now) if one.since < record.time <= one.until]
        counting = [one for one in before if self.counts(one)]
        # Of several alike it makes no difference which is the last.
        counting.sort(key=lambda one: (one.since, one.name, one.channel))
        for one in before:
            fields = {
                "happened_at": record.time,
                "order_id": record.order_id or record.message_id,
                "revenue": revenue,
                "time_to_order": record.time - one.since,
            }
            if one in counting:
                self._result(one, "recovered", {**fields, "last_touch": one is counting[-1]}, facts, record)
            if one.exposed and "converted" not in one.told:
                one.told.add("converted")
                self._participation(one, "converted", fields, facts, record)

    def counts(self, one: Sent) -> bool:
        entry = self.settings["messages"][one.name]
        if one.held_out or "failed" in one.told:
            return False
        return not entry.get("transactional") or "attribution" in entry

    def _result(self, one: Sent, result: str, fields: dict[str, Any], facts: Facts, record: Record) -> None:
        if result in one.told:
            return
        one.told.add(result)
        line = {"message": one.name, "channel": one.channel, "variant": one.variant, "result": result}
        nothing = {"order_id": None, "revenue": None, "time_to_order": None, "last_touch": False}
        self._line("message-results", {**line, **nothing, **fields}, facts, record)

    def _participation(
        self, one: Sent, change: str, fields: dict[str, Any], facts: Facts, record: Record | None
    ) -> None:
        campaign = self.settings["messages"][one.name].get("campaign", one.name)
        line = {
            "experiment": campaign,
            "change": change,
            "variant": one.variant,
            "holdout": one.held_out,
            "layer": self.layer(campaign),
            "message": one.name,
            "channel": one.channel,
        }
        nothing = {"order_id": None, "revenue": None, "time_to_order": None}
        self._line("experiment-exposures", {**line, **nothing, **fields}, facts, record)

    def _line(self, topic: str, fields: dict[str, Any], facts: Facts, record: Record | None) -> None:
        cause = record.message_id if record else None
        self.lines[topic].append({"effective_at": facts.now, "cause": cause, **fields})
