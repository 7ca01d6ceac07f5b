"""Truth of a condition at an instant, by definition, from the whole history (topology.md, "Conditions")."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle import consent
from tests.oracle.carts import Line, carts
from tests.oracle.history import Record
from tests.oracle.operators import bounded, holds, passes, satisfies
from tests.oracle.orders import orders
from tests.oracle.sequences import happened
from tests.oracle.values import DAY, Shop, elements, instant, number, reach, rfc3339, scalars, span
from tests.oracle.windows import oldest

AGGREGATES = ("count", "sum", "min", "max", "avg", "distinct")


class Facts:
    """All that is known of a shopper at `now`: what conditions are asked of."""

    def __init__(self, records: list[Record], topology: dict[str, Any], now: int) -> None:
        self.topology = topology
        self.shop = Shop(topology)
        self.now = now
        self.records = records
        self.windowed = [one for one in records if one.behaviour and not one.late_segments and not one.copy]
        self.orders = orders(records, self.shop)
        self.carts = carts(records)
        self.traits = traits(records)
        # Filled by hand with what a hold says; of the others by what their conditions say.
        self.members: dict[str, bool] = {}
        # Tier and balance by programme; filled by whoever steps the programmes.
        self.standings: dict[str, tuple[str | None, int]] = {}

    def oldest(self, form: dict[str, Any]) -> int | None:
        """What is later than this instant, ms, is in the window of a condition; None = all is."""
        told = [one for one in self.records if not one.late_segments]
        return oldest(form, told, self.traits, self.shop.zone, self.now)

    def open_lines(self) -> list[Line]:
        return list(self.carts[self.carts.open()].lines.values()) if self.carts.open() in self.carts else []

    def member(self, segment: str) -> bool:
        if segment not in self.members:
            self.members[segment] = truth(self.topology["segments"][segment]["when"], self)
        return self.members[segment]


def traits(records: list[Record]) -> dict[str, Any]:
    """Each top-level trait by (event time, messageId); null deletes (readings.md, 19)."""
    latest: dict[str, tuple[tuple[int, str], Any]] = {}
    for record in records:
        if record.type != "identify" or record.late_segments:
            continue
        for name, value in record.traits.items():
            stamp = (record.time, record.message_id)
            if name not in latest or latest[name][0] < stamp:
                latest[name] = (stamp, value)
    return {name: value for name, (_, value) in latest.items() if value is not None}


def truth(condition: dict[str, Any], facts: Facts) -> bool:
    ((kind, form),) = condition.items()
    if kind in AGGREGATES:
        return bounded(form, aggregate(kind, form, facts))
    return _KINDS[kind](form, facts)


def matching(form: dict[str, Any], facts: Facts) -> list[Record]:
    """Events of a condition's names, filters and window. A filter says what an event is like: it holds at its time."""
    names = form["of"] if isinstance(form["of"], list) else [form["of"]]
    oldest = facts.oldest(form)
    return [
        record
        for record in facts.windowed
        if ("*" in names or record.name in names)
        and (oldest is None or record.time > oldest)
        and passes(record.properties, form.get("where") or {}, record.time)
    ]


def aggregate(kind: str, form: dict[str, Any], facts: Facts) -> Decimal | Fraction | int | None:
    found = matching(form, facts)
    if kind == "count":
        return len(found)
    values = [one for record in found for one in elements(reach(record.properties, form["property"]))]
    if kind == "distinct":
        return len(set(map(kind_of, filter(plain, values))))
    numbers = [amount for one in values if (amount := number(one)) is not None]
    if kind == "sum":
        return sum(numbers, Decimal(0))
    if not numbers:
        return None
    if kind == "avg":
        return Fraction(sum(numbers)) / len(numbers)
    return min(numbers) if kind == "min" else max(numbers)


def plain(value: Any) -> bool:
    """Objects, and arrays in arrays, are no values that could be told apart."""
    return not isinstance(value, dict | list)


def kind_of(value: Any) -> Any:
    """What values that are equal have in common."""
    return number(value) if number(value) is not None else (type(value).__name__, repr(value))


def _edge(last: bool) -> Callable[[dict[str, Any], Facts], bool]:
    def asked(form: dict[str, Any], facts: Facts) -> bool:
        events = {"of": form["of"], "where": form.get("where")}
        found = sorted(matching(events, facts), key=lambda record: (record.time, record.message_id))
        if not found:
            return False
        record = found[-1] if last else found[0]
        ends = [record.time] if form["property"] == "$time" else reach(record.properties, form["property"])
        tests = {op: operand for op, operand in form.items() if op not in ("of", "where", "property")}
        return all(satisfies(op, operand, ends, facts.now) for op, operand in tests.items())

    return asked


def _purchases(measure: str) -> Callable[[dict[str, Any], Facts], bool]:
    def asked(form: dict[str, Any], facts: Facts) -> bool:
        oldest = facts.oldest(form)
        counted = [one for one in facts.orders.values() if one.counts and (oldest is None or one.time > oldest)]
        if measure == "orders":
            return bounded(form, len(counted))
        if measure == "average_order":
            net = Fraction(sum(one.net for one in counted))
            return bounded(form, net / len(counted) / facts.shop.scale if counted else None)
        return bounded(form, Decimal(sum(one.net for one in counted)) / facts.shop.scale)

    return asked


def _sequence(form: dict[str, Any], facts: Facts) -> bool:
    steps = [{"of": step["of"], "where": step.get("where")} for step in form["steps"]]
    return happened(form, [matching(step, facts) for step in steps], facts.now)


def _trait(form: dict[str, Any], facts: Facts) -> bool:
    tests = {op: operand for op, operand in form.items() if op != "name"}
    return holds(tests, reach(facts.traits, form["name"]), facts.now)


def _cart(form: dict[str, Any], facts: Facts) -> bool:
    lines = facts.open_lines()
    value = Decimal(sum(line.worth(facts.shop) for line in lines)) / facts.shop.scale
    if "value" in form and not bounded(form["value"], value):
        return False
    if "items" in form and not bounded(form["items"], sum(line.quantity for line in lines)):
        return False
    if "contains" in form:
        views = [{**line.product, "quantity": line.quantity, "price": line.price} for line in lines]
        return any(passes(view, form["contains"], facts.now) for view in views)
    return True


def scores(facts: Facts) -> dict[str, int | None]:
    """readings.md, 26: reaching a threshold is the next score; recency in elapsed days, of which fewer are better."""
    bought = [one for one in facts.orders.values() if one.counts]
    if not bought:
        return dict.fromkeys(("recency", "frequency", "monetary"))
    scale = facts.topology["rfm"]
    elapsed = facts.now - max(one.time for one in bought)
    money = Decimal(sum(one.net for one in bought)) / facts.shop.scale
    return {
        "recency": 5 - sum(1 for days in scale["recency"] if elapsed >= days * DAY),
        "frequency": 1 + sum(1 for orders_ in scale["frequency"] if len(bought) >= orders_),
        "monetary": 1 + sum(1 for amount in scale["monetary"] if money >= Decimal(str(amount))),
    }


def _rfm(form: dict[str, Any], facts: Facts) -> bool:
    found = scores(facts)
    return all(found[name] in wanted for name, wanted in form.items())


def stage(facts: Facts) -> str | None:
    """The first stage of `journey:` whose condition holds, else the last; None without a journey."""
    stages = facts.topology.get("journey") or []
    for one in stages:
        if "when" not in one or truth(one["when"], facts):
            return str(one["stage"])
    return None


def computed(name: str, facts: Facts) -> Any:
    """The value of a computed trait as it stands in outputs (readings.md, 27)."""
    entry = facts.topology["traits"][name]
    ((kind, form),) = [(kind, form) for kind, form in entry.items() if kind not in ("emit", "title")]
    if kind in ("orders", "spend"):
        oldest = facts.oldest(form)
        counted = [one for one in facts.orders.values() if one.counts and (oldest is None or one.time > oldest)]
        return len(counted) if kind == "orders" else facts.shop.money(sum(one.net for one in counted))
    found = sorted(matching(form, facts), key=lambda record: (record.time, record.message_id))
    if kind in AGGREGATES:
        return json_number(aggregate(kind, form, facts))
    if kind == "most_frequent":
        return most_frequent(form["property"], found)
    if not found:
        return None
    record = found[-1] if kind == "last" else found[0]
    if form["property"] == "$time":
        return rfc3339(record.time)
    return next((one for one in elements(reach(record.properties, form["property"])) if scalar(one)), None)


def scalar(value: Any) -> bool:
    return plain(value) and not (isinstance(value, str) and len(value) > 200)


def json_number(value: Decimal | Fraction | int | None) -> int | float | None:
    """Half up to six places, as an average may have more."""
    if value is None:
        return None
    exact = Fraction(value)
    micro = int((abs(exact) * 10**6 + Fraction(1, 2)) // 1) * (1 if exact >= 0 else -1)
    return micro // 10**6 if micro % 10**6 == 0 else float(Decimal(micro) / 10**6)


def most_frequent(path: str, found: list[Record]) -> Any:
    return max(sightings(path, found), default=(0, "", None))[-1]


def sightings(path: str, found: list[Record]) -> list[tuple[int, str, Any]]:
    """(event time, text, value) of the most frequent value. Ties go to the latest seen, then to the greater text; of
    equal values the latest spelling stands."""
    seen: dict[Any, list[tuple[int, str, Any]]] = {}
    for record in found:
        for one in elements(reach(record.properties, path)):
            if scalar(one):
                seen.setdefault(kind_of(one), []).append((record.time, repr(one), one))
    return max(seen.values(), key=lambda times: (len(times), max(times)), default=[])


def _computed(form: dict[str, Any], facts: Facts) -> bool:
    value = computed(form["name"], facts)
    if isinstance(value, dict):
        value = str(Decimal(value["amount"]) / facts.shop.scale)
    tests = {op: operand for op, operand in form.items() if op != "name"}
    return holds(tests, [] if value is None else [value], facts.now)


def _tier(form: dict[str, Any], facts: Facts) -> bool:
    tier, _ = facts.standings[form["programme"]]
    tests = {op: operand for op, operand in form.items() if op != "programme"}
    return holds(tests, [] if tier is None else [tier], facts.now)


def _points(form: dict[str, Any], facts: Facts) -> bool:
    bounds = {op: operand for op, operand in form.items() if op != "programme"}
    return bounded(bounds, facts.standings[form["programme"]][1])


def consent_word(form: dict[str, Any], facts: Facts) -> consent.Said | None:
    purpose = form.get("purpose", "marketing")
    return consent.decides(facts.records, facts.topology, facts.traits, form["channel"], purpose)


_KINDS: dict[str, Callable[[Any, Facts], bool]] = {
    "all": lambda form, facts: all(truth(one, facts) for one in form),
    "any": lambda form, facts: any(truth(one, facts) for one in form),
    "not": lambda form, facts: not truth(form, facts),
    "in": lambda form, facts: facts.member(form),
    "first": _edge(last=False),
    "last": _edge(last=True),
    "orders": _purchases("orders"),
    "spend": _purchases("spend"),
    "average_order": _purchases("average_order"),
    "sequence": _sequence,
    "trait": _trait,
    "rfm": _rfm,
    "computed": _computed,
    "stage": lambda form, facts: stage(facts) in form,
    "cart": _cart,
    "tier": _tier,
    "points": _points,
    "consent": lambda form, facts: consent.holds(form, consent_word(form, facts)),
}


def referred(condition: Any, topology: dict[str, Any]) -> set[str]:
    """Segments that a condition names with `in`; one on the stage names those that the journey does."""
    if isinstance(condition, dict) and len(condition) == 1:
        if isinstance(condition.get("in"), str):
            return {condition["in"]}
        if "stage" in condition:
            return referred([one["when"] for one in topology["journey"] if "when" in one], topology)
    parts = condition.values() if isinstance(condition, dict) else condition if isinstance(condition, list) else ()
    return {name for part in parts for name in referred(part, topology)}


def windows(topology: dict[str, Any]) -> set[int]:
    """Every span, ms, after which something of segments, guards, the journey and traits may change by itself."""
    parts = ("segments", "abandonment", "journey", "traits")
    days = (topology.get("rfm") or {}).get("recency", [])
    return {window for part in parts for window in spans(topology.get(part))} | {one * DAY for one in days}


def spans(condition: Any) -> set[int]:
    """Every `within` that a condition mentions, ms."""
    found: set[int] = set()
    if isinstance(condition, dict):
        for key, value in condition.items():
            found |= {span(value)} if key == "within" and isinstance(value, str | int) else spans(value)
    elif isinstance(condition, list):
        for one in condition:
            found |= spans(one)
    return found


def critical(records: list[Record], windows: set[int]) -> set[int]:
    """Every instant at which the truth of any condition may change by itself: a time, or a date, plus a span."""
    found: set[int] = set()
    for record in records:
        found |= {record.time + window for window in windows}
        for value in [*scalars(record.properties), *scalars(record.traits)]:
            date = instant(value) if not isinstance(value, bool) else None
            if date is not None and date > 10**11:
                found |= {date} | {date + window for window in windows}
    return found
